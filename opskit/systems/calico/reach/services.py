"""The endpoints of Services that rules refer to.

Policies see the endpoints, not the Service's own address: that is translated before they are asked.
All endpoints count, ready or not, as the data plane does it.
"""

from collections.abc import Iterable

from opskit.core.errors import BadValue
from opskit.systems.calico.reach.addresses import parse_address
from opskit.systems.calico.reach.traffic import protocol_number
from opskit.systems.calico.workloads import EndpointSlice

ServiceName = tuple[str, str]
Place = tuple[int, int]
"""IP version and address."""
ServedPort = tuple[ServiceName, int, int, int]
"""Service, protocol, port (0 stands for all) and IP version."""


def endpoints(
    slices: Iterable[EndpointSlice], wanted: set[ServiceName]
) -> dict[Place, frozenset[ServedPort]]:
    """What is served at each address."""
    found: dict[Place, set[ServedPort]] = {}
    for each in slices:
        name = (each.namespace or "default", each.service)
        if name not in wanted:
            continue
        for place in _places(each):
            found.setdefault(place, set()).update(_served(name, each, place[0]))
    return {place: frozenset(served) for place, served in found.items()}


def _places(given: EndpointSlice) -> Iterable[Place]:
    for endpoint in given.endpoints or ():
        for address in endpoint.addresses or ():
            try:
                yield parse_address(address)
            except BadValue:
                continue  # address type FQDN


def _served(name: ServiceName, given: EndpointSlice, version: int) -> set[ServedPort]:
    ports = {(name, protocol_number(port.protocol), port.port or 0, version) for port in given.ports or ()}
    return ports or {(name, 0, -1, version)}
