"""Loading libraries without what they load and nobody here uses."""

import importlib
import sys
from types import ModuleType

_GRAMMAR = "rfc3987_syntax"
"""jsonschema compiles this package's grammar of IRIs when it is imported, which takes about two seconds;
no notebook schema has an IRI in it, and jsonschema does without."""


def library(name: str) -> ModuleType:
    """Import nbformat, nbclient or a module that imports them."""
    if name in sys.modules:
        return sys.modules[name]
    absent = _GRAMMAR not in sys.modules
    if absent:
        sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
    try:
        return importlib.import_module(name)
    finally:
        if absent:
            del sys.modules[_GRAMMAR]
