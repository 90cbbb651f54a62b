"""The wires: a network namespace for each node, all on a bridge that is in a namespace, too.

Nothing of it is in the machine's own network: no interface, no address, no route, no rule. When the
namespaces go, all goes.
"""

from pathlib import Path

from opskit.sandbox.binaries import require
from opskit.sandbox.network.options import NODES, address
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

_NAMESPACES = Path("/run/netns")
_SWITCH, _BRIDGE = "switch", "br0"


def namespace(site: Site, node: str) -> str:
    """The name of a node's network namespace."""
    return f"{site.run.name}-{node}"


def path(site: Site, node: str) -> Path:
    """The file that stands for a node's network namespace."""
    return _NAMESPACES / namespace(site, node)


def lay(site: Site) -> None:
    """Make the namespaces and connect them."""
    remove(site)
    switch = namespace(site, _SWITCH)
    _ip("netns", "add", switch)
    _ip("-n", switch, "link", "add", _BRIDGE, "type", "bridge")
    _ip("-n", switch, "link", "set", _BRIDGE, "up")
    for node in NODES:
        _connect(site, node, switch)


def _connect(site: Site, node: str, switch: str) -> None:
    own, port = namespace(site, node), f"to-{node}"
    _ip("netns", "add", own)
    _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", own)
    _ip("-n", switch, "link", "set", port, "master", _BRIDGE, "up")
    _ip("-n", own, "address", "add", f"{address(node)}/24", "dev", "eth0")
    for interface in ("lo", "eth0"):
        _ip("-n", own, "link", "set", interface, "up")


def inside(site: Site, node: str, *argv: str) -> tuple[str, ...]:
    """The command, in a node's network namespace."""
    return (require("nsenter"), f"--net={path(site, node)}", *argv)


def remove(site: Site) -> None:
    """Take away what is there of the namespaces."""
    for name in (_SWITCH, *NODES):
        if path(site, name).exists():
            _ip("netns", "delete", namespace(site, name))


def _ip(*arguments: str) -> None:
    run([require("ip"), *arguments], deadline=20.0)
