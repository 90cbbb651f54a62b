"""Network links of this machine, taken away by whoever comes first."""

import msgspec

from opskit.core.errors import ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.running import run

_GONE = ("Cannot find device", "No such device")
"""What `ip` says of a link that is not there, and the kernel of one that goes while it is being deleted."""


def names() -> list[str]:
    """The links that there are, as this process's own network has them; /sys may show another one's."""
    told = run([require("ip"), "-json", "link", "show"], deadline=20.0)
    return [each["ifname"] for each in msgspec.json.decode(told)]


def delete(link: str) -> None:
    """Delete a link, if it is there: the kernel may delete it at any moment, with its peer's namespace.

    Raises:
        ToolFailed: it can't be deleted.

    """
    try:
        run([require("ip"), "link", "delete", link], deadline=20.0)
    except ToolFailed as error:
        if not any(said in error.stderr for said in _GONE):
            raise
