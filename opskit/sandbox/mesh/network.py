"""A network namespace for each pod, on one bridge, whose traffic is captured as istio-init does it.

Nothing outside of the sandbox's own bridge, interfaces and namespaces is touched: no rule of this machine's
own tables, and no route but the bridge's.
"""

from collections.abc import Sequence
from pathlib import Path

from opskit.sandbox import links
from opskit.sandbox.binaries import require
from opskit.sandbox.mesh.workloads import WORKLOADS, Workload, control, prefix, subnet
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

PROXY_GROUP = 1337
"""Traffic of processes with this group is Envoy's own and not captured again."""

_UNCAPTURED = "15090,15021,15020"
"""Ports that answer for the proxy itself: metrics, readiness, the agent."""


def build(site: Site) -> None:
    """Make the bridge, and a namespace with one address for each workload."""
    bridge = _bridge(site)
    _ip("link", "add", bridge, "type", "bridge", "forward_delay", "0")
    _ip("address", "add", f"{control(site)}/24", "dev", bridge)
    _ip("link", "set", bridge, "up")
    for each in WORKLOADS:
        _add(site, each, bridge)


def _add(site: Site, each: Workload, bridge: str) -> None:
    network, outer = each.network(site), f"{prefix(site)}v{each.number}"
    _ip("netns", "add", network)
    _ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", network)
    _ip("link", "set", outer, "master", bridge, "up")
    _ip("-n", network, "link", "set", "lo", "up")
    _ip("-n", network, "address", "add", f"{each.address(site)}/24", "dev", "eth0")
    _ip("-n", network, "link", "set", "eth0", "up")
    _ip("-n", network, "route", "add", "default", "via", control(site))


def capture(site: Site, each: Workload) -> None:
    """Have all of a pod's traffic go through its Envoy, by Istio's own tool."""
    if each.proxy != "sidecar":
        return
    rules = ("-p", "15001", "-z", "15006", "-u", str(PROXY_GROUP), "-g", str(PROXY_GROUP), "-m", "REDIRECT")
    ports = ("-i", "*", "-x", "", "-b", "*", "-d", _UNCAPTURED)
    run([*inside(site, each), require("pilot-agent"), "istio-iptables", *rules, *ports], deadline=60.0)


def inside(site: Site, each: Workload) -> tuple[str, ...]:
    """What a command is prefixed with to run in a pod's network."""
    return ("nsenter", f"--net=/run/netns/{each.network(site)}")


def remove(site: Site) -> None:
    """Take the namespaces and the bridge away; what is not there is no error."""
    if not (site.state / "network.json").exists():
        return
    for network in sorted(Path("/run/netns").glob(f"{prefix(site)}-*")):
        _ip("netns", "delete", network.name)
    # The kernel takes the wires away some time after their namespaces.
    for link in links.names():
        if link.startswith((f"{prefix(site)}v", _bridge(site))):
            links.delete(link)


def _bridge(site: Site) -> str:
    return f"{prefix(site)}br"


def _ip(*arguments: str) -> None:
    run(["ip", *arguments], deadline=20.0)


def addresses(site: Site) -> Sequence[str]:
    """Every address of the sandbox's own network."""
    return [f"{subnet(site)}.{number}" for number in (1, *(each.number for each in WORKLOADS))]
