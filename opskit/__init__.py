"""Runbooks for on-prem Kubernetes that apply what was reviewed and prove what they did.

The names below are all that a notebook needs; each is loaded when it is first used,
so that `import opskit` costs milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster as Cluster
    from opskit.core.secrets import Secret as Secret
    from opskit.widgets.entry import open_run as open_run

__version__ = "0.1.0"

_HOMES = {
    "Cluster": "opskit.core.cluster",
    "Secret": "opskit.core.secrets",
    "open_run": "opskit.widgets.entry",
}

__all__ = ["Cluster", "Secret", "__version__", "open_run"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'opskit' has no attribute {name!r}")
