"""The one kernel module that nodes need and that nothing loads of itself: bridged packets meet rules by it.

Without it, a pod that calls a Service whose pod is on the same node gets its answer from a stranger.
https://kubernetes.io/docs/setup/production-environment/container-runtimes/
"""

from contextlib import suppress
from pathlib import Path

from opskit.core.errors import ToolFailed
from opskit.sandbox.running import run

_NAME = "br_netfilter"
_SETTINGS = Path("/proc/sys/net/bridge")


def load() -> bool:
    """Load it where it is neither loaded nor built in; whether it was.

    Nodes have it in their own networks; the machine's own bridges are left as they were.

    """
    if _SETTINGS.is_dir():
        return False
    with suppress(ToolFailed, FileNotFoundError):
        run(["modprobe", _NAME], deadline=20.0)
    for each in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"):
        if (_SETTINGS / each).exists():
            (_SETTINGS / each).write_text("0")
    return _SETTINGS.is_dir()


def unload() -> None:
    """Take it away again, unless others have come to need it."""
    with suppress(ToolFailed, FileNotFoundError):
        run(["modprobe", "--remove", _NAME], deadline=20.0)
