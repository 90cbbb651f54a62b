"""The systems that opskit knows. Each room has the same files and imports no other room."""

from importlib import import_module
from typing import Any

from opskit.core.aspects import Aspect
from opskit.core.errors import UnknownName
from opskit.core.system import System

NAMES = (
    "kubeadm",
    "operators",
    "rook",
    "certmanager",
    "dex",
    "istio",
    "calico",
    "openshift",
    "vault",
)
"""Every system, in the order in which findings are listed."""


def load(name: str) -> System[Any]:
    """A system's room, imported when it is first needed.

    Raises:
        UnknownName: no such system.
    """
    if name not in NAMES:
        raise UnknownName.among("system", name, NAMES)
    system: System[Any] = import_module(f"opskit.systems.{name}.system").SYSTEM
    return system


def compared(name: str) -> tuple[Aspect, ...]:
    """What two looks at a system are compared by: `COMPARED` of its room's views."""
    aspects: tuple[Aspect, ...] = import_module(f"opskit.systems.{name}.views").COMPARED
    return aspects
