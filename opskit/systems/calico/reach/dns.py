"""Whether pods can still ask for names after a change: the classic mistake of an egress policy."""

from typing import TYPE_CHECKING

import numpy as np

from opskit.core.findings import Data
from opskit.systems.calico.reach.addresses import address_text
from opskit.systems.calico.reach.joint import Flags, Group, Joint, Side
from opskit.systems.calico.reach.rules import EGRESS, INGRESS
from opskit.systems.calico.reach.traffic import Traffic, protocol_number
from opskit.systems.calico.workloads import EndpointSlice

if TYPE_CHECKING:
    from opskit.systems.calico.reach.reach import Reach

_SERVICES = (("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))
_LABEL = ("k8s-app", "kube-dns")


class DnsLockout(Data, frozen=True):
    """Pods that could reach cluster DNS before and can't after."""

    protocol: str
    """`UDP`: names no longer resolve. `TCP`: answers too long for UDP no longer arrive."""
    pods: int
    namespaces: tuple[str, ...]
    example: str
    why: str
    """The decision on the example."""

    @property
    def text(self) -> str:
        """As a warning."""
        places = ", ".join(self.namespaces[:5]) + (" ..." if len(self.namespaces) > 5 else "")
        return (
            f"{self.pods} pods in {places} can no longer reach cluster DNS over {self.protocol}, "
            f"e.g. {self.example}: {self.why} Allow UDP and TCP 53 to the DNS pods first."
        )


def servers(reach: "Reach") -> dict[str, frozenset[tuple[int, int]]]:
    """DNS pods by name, with protocol and port that they serve at."""
    found: dict[str, set[tuple[int, int]]] = {}
    places = {
        place: e.name for e in reach.universe.endpoints for place in e.addresses.items() if e.sort == "pod"
    }
    texts = {address_text(*place): name for place, name in places.items()}
    for each in reach.objects.endpoint_slices:
        if ((each.namespace or ""), each.service) in _SERVICES:
            for address in (a for endpoint in each.endpoints or () for a in endpoint.addresses or ()):
                if address in texts:
                    found.setdefault(texts[address], set()).update(_dns_ports(each))
    return {name: frozenset(ports) for name, ports in found.items()} or _labelled(reach)


def _dns_ports(each: EndpointSlice) -> set[tuple[int, int]]:
    ports = [port for port in each.ports or () if port.port and (port.name or "").startswith("dns")]
    return {(protocol_number(port.protocol), port.port or 53) for port in ports} or {(17, 53), (6, 53)}


def _labelled(reach: "Reach") -> dict[str, frozenset[tuple[int, int]]]:
    key, value = _LABEL
    both = frozenset(((17, 53), (6, 53)))
    return {
        f"{pod.namespace}/{pod.name}": both
        for pod in reach.objects.pods
        if pod.namespace == "kube-system" and pod.labels.get(key) == value
        if not (pod.finished or pod.spec.host_network)
    }


def lockouts(joint: Joint, *, version: int) -> tuple[DnsLockout, ...]:
    """Pods that lose cluster DNS, one warning for each protocol."""
    known = servers(joint.after.reach)
    by_place: dict[tuple[int, int], set[int]] = {}
    for index, number in enumerate(_numbers(joint, known)):
        for place in number:
            by_place.setdefault(place, set()).add(index)
    found: list[DnsLockout] = []
    for protocol, name in ((17, "UDP"), (6, "TCP")):
        lost = _lost(joint, {p: g for p, g in by_place.items() if p[0] == protocol}, version)
        groups = [group for group, gone in zip(joint.groups, lost, strict=True) if gone and group.pods]
        if groups:
            found.append(_warning(joint, groups, known, name, version))
    return tuple(found)


def _numbers(joint: Joint, known: dict[str, frozenset[tuple[int, int]]]) -> list[frozenset[tuple[int, int]]]:
    """By group: the places at which DNS is served."""
    classes: dict[int, frozenset[tuple[int, int]]] = {}
    universe = joint.after.reach.universe
    for endpoint, number in zip(universe.endpoints, universe.class_of.tolist(), strict=True):
        if endpoint.name in known:
            classes[number] = classes.get(number, frozenset()) | known[endpoint.name]
    return [
        classes.get(group.after, frozenset()) if group.sort == "pod" else frozenset()
        for group in joint.groups
    ]


def _lost(joint: Joint, places: dict[tuple[int, int], set[int]], version: int) -> Flags:
    could, can = (_reaches(joint, side, places, version) for side in (joint.before, joint.after))
    return could & ~can


def _reaches(joint: Joint, side: Side, places: dict[tuple[int, int], set[int]], version: int) -> Flags:
    reached: Flags = np.zeros(len(joint.groups), np.bool_)
    rows = np.flatnonzero(joint.pods)
    for (protocol, port), groups in places.items():
        servers_at = np.array(sorted(groups), np.intp)
        traffic = Traffic(protocol, port, version)
        egress = side.decided(EGRESS, traffic, rows)[0][:, servers_at]
        ingress = side.decided(INGRESS, traffic, servers_at)[0][:, rows]
        reached[rows] |= (egress & ingress.T).any(axis=1)
    return reached


def _warning(
    joint: Joint,
    groups: list[Group],
    known: dict[str, frozenset[tuple[int, int]]],
    protocol: str,
    version: int,
) -> DnsLockout:
    number = protocol_number(protocol)
    server, port = next((s, p) for s, places in known.items() for used, p in sorted(places) if used == number)
    example = groups[0].example
    verdict = joint.after.reach.allowed(example, server, protocol, port, version=version)
    return DnsLockout(
        protocol=protocol,
        pods=sum(group.pods for group in groups),
        namespaces=tuple(sorted({space for group in groups for space in group.namespaces})),
        example=example,
        why=(verdict.ingress if verdict.egress.allowed else verdict.egress).text,
    )
