"""What the host gives the nodes: a bridge, a way out, and routes to their pods."""

from pathlib import Path

import msgspec

from opskit.core.errors import Refused, ToolFailed
from opskit.sandbox import links
from opskit.sandbox.binaries import require
from opskit.sandbox.kubeadm.layout import Node, bridge, gateway, node_network, pod_network
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

_RULES = """table ip {table}
delete table ip {table}
table ip {table} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {{ {inside} }} ip daddr != {{ {inside} }} masquerade
  }}
}}
"""
"""Pods keep their own address among nodes and towards the host; only what leaves the host is masqueraded."""


def ip(*arguments: str) -> str:
    """Run `ip`; its standard output."""
    return run([require("ip"), *arguments], deadline=20.0)


def make(site: Site) -> None:
    """Make the bridge, with the host's own address on it, and let the nodes out.

    Raises:
        Refused: the sandbox's addresses are in use on this machine.

    """
    name, network = bridge(site), node_network(site)
    _refuse_if_taken(site)
    if name not in links.names():
        ip("link", "add", name, "type", "bridge")
    ip("address", "replace", f"{gateway(site)}/{network.prefixlen}", "dev", name)
    ip("link", "set", name, "up")
    # Routes to pods turn round on this bridge.
    Path(f"/proc/sys/net/ipv4/conf/{name}/send_redirects").write_text("0")
    inside = f"{network}, {pod_network(site)}"
    run([require("nft"), "-f", "-"], deadline=20.0, text=_RULES.format(table=_table(site), inside=inside))


def attach(node: Node, pid: int) -> None:
    """Link a node to the bridge, and route its pods to it.

    Args:
        node: which one.
        pid: of its PID 1, on the host.

    """
    links.delete(node.link)
    ip("link", "add", node.link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    ip("link", "set", node.link, "master", bridge(node.site), "up")
    ip("route", "replace", node.pod_cidr, "via", node.address, "dev", bridge(node.site))


def detach(node: Node) -> None:
    """Take a node's link away: half-closed connections would keep its network namespace for minutes."""
    links.delete(node.link)


def remove(site: Site) -> None:
    """Take away links, bridge, routes and rules."""
    for link in links.names():
        if link.startswith(f"{site.key}-") or link == bridge(site):
            links.delete(link)
    try:
        run([require("nft"), "delete", "table", "ip", _table(site)], deadline=20.0)
    except ToolFailed as error:
        if "No such file" not in error.stderr:
            raise


def _refuse_if_taken(site: Site) -> None:
    inside = (node_network(site), pod_network(site))
    for each in msgspec.json.decode(ip("-json", "route", "show") or "[]"):
        if each.get("dev") != bridge(site) and any(each["dst"] == str(network) for network in inside):
            raise Refused(
                f"The network {each['dst']} is in use on this machine.",
                where=f"route by {each.get('dev')}",
                hint="give that one up, or choose another --name while a sandbox of this one is up.",
            )


def _table(site: Site) -> str:
    return f"opskit_{site.key}"
