"""Which classes a peer of a rule means, as bit sets."""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

import numpy as np

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.addresses import ABSENT, NOWHERE, parse_net
from opskit.systems.calico.reach.bits import Bits
from opskit.systems.calico.reach.classes import EndpointClass, Universe
from opskit.systems.calico.reach.endpoints import NamedPort
from opskit.systems.calico.reach.expression import Expression
from opskit.systems.calico.reach.labels import LabelIndex
from opskit.systems.calico.reach.rules import Peer, pods_only
from opskit.systems.calico.reach.services import ServedPort, ServiceName


class Masks:
    """Looks up classes by labels, networks, ports and Services, for one IP version.

    The bit sets that it returns are shared: don't write into them.
    """

    def __init__(self, universe: Universe, version: int) -> None:
        self.universe, self.version, self.size = universe, version, universe.size
        classes = universe.classes
        self.empty, self.full = bits.empty(self.size), bits.full(self.size)
        self.pods = self._where(lambda each: each.sort == "pod")
        self._hosts = self._where(lambda each: each.sort == "host")
        self.addressed = self._where(_has_address(version))
        """Classes that can take part in traffic of this IP version."""
        self._labels = LabelIndex([each.labels if each.sort == "pod" else {} for each in classes])
        self._node_labels = LabelIndex([each.labels if each.sort == "host" else {} for each in classes])
        self._nets = self._net_masks()
        self._extras = {number: self._extra(number) for number in universe.extras_in_use}
        self._ports, self._served, self._serving = self._port_masks()
        self._selected: dict[Expression, Bits] = {}
        self._peers: dict[Peer, Bits] = {}

    def _where(self, condition: Callable[[EndpointClass], bool]) -> Bits:
        flags = (condition(each) for each in self.universe.classes)
        return bits.pack(np.fromiter(flags, np.bool_, self.size))

    def _net_masks(self) -> Bits:
        """By network: every class inside of it. Inner networks stand behind those around them."""
        table, members = self.universe.tables[self.version], dict[int, list[int]]()
        for each in self.universe.classes:
            members.setdefault(each.nets[self.version], []).append(each.number)
        masks = np.zeros((len(table.nets), bits.words(self.size)), np.uint64)
        for index in range(len(table.nets) - 1, -1, -1):
            if index in members:
                masks[index] |= bits.of(members[index], self.size)
            if table.parents[index] != NOWHERE:
                masks[table.parents[index]] |= masks[index]
        return masks

    def _port_masks(
        self,
    ) -> tuple[dict[NamedPort, Bits], dict[ServedPort, Bits], dict[ServiceName, Bits]]:
        named: dict[NamedPort, set[int]] = {}
        served: dict[ServedPort, set[int]] = {}
        serving: dict[ServiceName, set[int]] = {}
        for each in self.universe.classes:
            for port in each.ports:
                named.setdefault(port, set()).add(each.number)
            for place in each.served:
                served.setdefault(place, set()).add(each.number)
                if place[3] == self.version:
                    serving.setdefault(place[0], set()).add(each.number)
        size = self.size
        return (
            {port: bits.of(members, size) for port, members in named.items()},
            {place: bits.of(members, size) for place, members in served.items()},
            {name: bits.of(members, size) for name, members in serving.items()},
        )

    def subject(self, selector: Expression) -> Bits:
        """The pods that a policy selects: by their own labels only."""
        return self._labels.find(selector) & self.pods

    def selected(self, selector: Expression) -> Bits:
        """Classes whose address belongs to a pod, network set or host endpoint that satisfies it."""
        known = self._selected.get(selector)
        if known is None:
            known = self.subject(selector)
            extras = self.empty if pods_only(selector) else self.universe.extra_labels.find(selector)
            if extras.any():
                numbers = bits.indices(extras, self.universe.extra_labels.size).tolist()
                known = reduce(or_, (self._extras[number] for number in numbers), known)
            self._selected[selector] = known
        return known

    def _extra(self, number: int) -> Bits:
        """Classes inside the networks of a network set or host endpoint."""
        nets = self.universe.extras[number].nets
        return self._any_net(net for net in nets if net.version == self.version)

    def inside(self, nets: tuple[str, ...]) -> Bits | None:
        """Classes inside any of the networks; None when none is of this IP version."""
        parsed = [net for net in map(parse_net, nets) if net.version == self.version]
        return self._any_net(parsed) if parsed else None

    def _any_net(self, nets: "Iterable[object]") -> Bits:
        ids = self.universe.tables[self.version].ids
        found = [ids[net] for net in nets]  # type: ignore[index]
        return np.bitwise_or.reduce(self._nets[found]) if found else self.empty

    def peers(self, peers: tuple[Peer, ...] | None, *, source: bool) -> Bits | None:
        """Classes that any of the peers means; None means all.

        A Service of a destination is left to `served`, because it depends on the port.
        """
        if peers is None:
            return None
        if len(peers) == 1:
            return self._peer(peers[0], source=source)
        return reduce(or_, (self._peer(each, source=source) for each in peers), self.empty)

    def _peer(self, peer: Peer, *, source: bool) -> Bits:
        known = self._peers.get(peer)
        if known is None:
            known = self._peers[peer] = self._made(peer)
        if source and peer.service is not None:
            return known & self._serving.get(peer.service, self.empty)
        return known

    def _made(self, peer: Peer) -> Bits:
        result = self.full if peer.selector is None else self.selected(peer.selector)
        if peer.unless is not None:
            result = result & ~self.selected(peer.unless)
        if peer.nodes is not None:
            result = result & self._node_labels.find(peer.nodes) & self._hosts
        return self._in_nets(result, peer) if peer.nets or peer.not_nets else result

    def _in_nets(self, result: Bits, peer: Peer) -> Bits:
        """A rule whose networks are all of the other IP version matches nothing, negated ones too."""
        if peer.nets:
            inside = self.inside(peer.nets)
            result = self.empty if inside is None else result & inside
        if peer.not_nets:
            inside = self.inside(peer.not_nets)
            result = self.empty if inside is None else result & ~inside
        return result

    def named_port(self, name: str, protocol: int, port: int) -> Bits:
        """Classes that give this name to this port."""
        anyway = self._ports.get((name, protocol, port, 0), self.empty)
        return anyway | self._ports.get((name, protocol, port, self.version), self.empty)

    def has_port_name(self, name: str) -> bool:
        """Whether any endpoint names a port so."""
        return any(port[0] == name for port in self._ports)

    def served(self, service: ServiceName, protocol: int, port: int) -> Bits:
        """Classes at which a Service has an endpoint at this port."""
        exact = self._served.get((service, protocol, port, self.version), self.empty)
        return exact | self._served.get((service, protocol, 0, self.version), self.empty)


def _has_address(version: int) -> Callable[[EndpointClass], bool]:
    """A pod without any address yet is judged as if it had one."""

    def has(each: EndpointClass) -> bool:
        return each.nets[version] != ABSENT or (
            each.sort != "outside" and all(net == ABSENT for net in each.nets.values())
        )

    return has
