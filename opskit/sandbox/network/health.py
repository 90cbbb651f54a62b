"""Whether a `network` sandbox is as it was when it came up, by birdc and the API server."""

from opskit.core.errors import ToolFailed
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.network import bird
from opskit.sandbox.network.addresses import V3
from opskit.sandbox.network.options import NODES, options_of
from opskit.sandbox.nodes import is_ready
from opskit.sandbox.site import Site


def ailments(sandbox: Broken) -> list[str]:
    """What keeps it from being healthy, in words."""
    client = api(sandbox.site)
    found = [each for node in NODES for each in _of_bird(sandbox.site, node)]
    every = (*client.items("/api/v1/nodes"), *client.items("/api/v1/pods"))
    found += [f"{each['metadata']['name']} is not ready" for each in every if not is_ready(each)]
    reports = client.items(f"{V3}/caliconodestatuses")
    behind = [each for each in reports if each["status"]["bgp"]["numberNotEstablishedV4"]]
    return [*found, *(f"{each['metadata']['name']} reports sessions that are down" for each in behind)]


def _of_bird(site: Site, node: str) -> list[str]:
    try:
        held = bird.sessions(site, node)
    except ToolFailed:
        return [f"BIRD on {node} does not answer"]
    down = [f"{node}: {name} is {state}" for name, (_, state) in held.items() if state != "Established"]
    missing = expected(site, node) - len(held)
    return [*down, *([f"{node} lacks {missing} sessions"] if missing > 0 else [])]


def expected(site: Site, node: str) -> int:
    """How many sessions a node has when all is well."""
    reflectors = options_of(site).reflectors
    if not reflectors or NODES.index(node) < reflectors:
        return len(NODES) - 1
    return reflectors
