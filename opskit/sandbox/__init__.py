"""Real servers on one Linux machine, to rehearse on and to break on purpose.

`Sandbox` is all that a test or a tool needs; the rest is how it is done:

    sandbox     up and down; `reached` has its tools, `breakable` its faults
    processes   starts, records and ends processes; nothing that it did not start is ever touched
    site        one sandbox's folders, ports and options
    component   what a server is, as data, and the order that servers start in
    pins, binaries, build     where programs come from
    profiles    which components and faults make a sandbox; `light` is real Kubernetes and real Ceph
    faults      what can be broken, how it is seen, and how it is mended
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opskit.sandbox.sandbox import Sandbox as Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    if name == "Sandbox":
        return import_module("opskit.sandbox.sandbox").Sandbox
    raise AttributeError(f"module 'opskit.sandbox' has no attribute {name!r}")
