"""Groups endpoints that no policy can tell apart, so that pairs of classes stand for all pairs of pods.

Addresses outside of the cluster are classes too: one for each smallest network that a policy names, and
one for each IP version for the rest of the world.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from opskit.systems.calico.reach import bits, services
from opskit.systems.calico.reach.addresses import ABSENT, NOWHERE, Net, NetTable, parse_net
from opskit.systems.calico.reach.endpoints import Endpoint, Extra, NamedPort, of_cluster
from opskit.systems.calico.reach.endpoints import extras as extras_of
from opskit.systems.calico.reach.expression import Expression
from opskit.systems.calico.reach.labels import LabelIndex
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.rules import ACCOUNT, NAMESPACE, ORCHESTRATOR, Policy
from opskit.systems.calico.reach.services import ServedPort
from opskit.systems.calico.reach.vocabulary import (
    OTHER,
    LabelVocabulary,
    peer_selectors,
    peers,
    port_names,
)

VERSIONS = (4, 6)


@dataclass(frozen=True, slots=True)
class EndpointClass:
    """Endpoints alike to every policy."""

    number: int
    sort: str
    """`pod`, `host` or `outside`."""
    example: str
    """Name of one member, or the network of an outside class."""
    labels: Mapping[str, str]
    """Reduced to what policies can tell apart."""
    nets: Mapping[int, int]
    """By IP version: the innermost network of the table, `NOWHERE` or `ABSENT`."""
    ports: frozenset[NamedPort]
    served: frozenset[ServedPort]

    @property
    def text(self) -> str:
        """What the policies know of it."""
        if self.sort == "outside":
            return self.example
        said = [
            f"{_shown(key)}={value}"
            for key, value in sorted(self.labels.items())
            if value != OTHER and key != ORCHESTRATOR
        ]
        return f"{self.sort}s like {self.example}" + (f" ({', '.join(said)})" if said else "")


def _shown(key: str) -> str:
    """Labels that Calico adds, in the words of Kubernetes."""
    return "namespace" if key == NAMESPACE else "serviceaccount" if key == ACCOUNT else key


_Key = tuple[object, ...]


@dataclass
class _Grouping:
    numbers: dict[_Key, int] = field(default_factory=dict[_Key, int])
    classes: list[EndpointClass] = field(default_factory=list[EndpointClass])


class Universe:
    """Every endpoint and its class, as far as these policies can tell."""

    def __init__(self, objects: Objects, policies: tuple[Policy, ...]) -> None:
        self.endpoints: tuple[Endpoint, ...] = tuple(of_cluster(objects))
        selectors = peer_selectors(policies)
        self._vocabulary = LabelVocabulary((*selectors, *(policy.subject for policy in policies)))
        node_selectors = [peer.nodes for peer in peers(policies) if peer.nodes is not None]
        self._node_vocabulary = LabelVocabulary(node_selectors)
        self._port_names = port_names(policies)
        self._served = services.endpoints(objects.endpoint_slices, services.referenced(policies))
        self.extras = _selected(extras_of(objects), selectors)
        self.tables = self._tables(policies)
        grouping = _Grouping()
        self.class_of: npt.NDArray[np.int32] = np.fromiter(
            (self._group(grouping, endpoint) for endpoint in self.endpoints), np.int32, len(self.endpoints)
        )
        self.inside = len(grouping.classes)
        """Classes below this number are of pods and hosts, the rest are outside."""
        self.outside = self._add_outside(grouping)
        self.classes: tuple[EndpointClass, ...] = tuple(grouping.classes)
        self.pods = np.bincount(self.class_of[self._is_pod()], minlength=self.size)
        """Pods by class, host-networked ones included."""

    @property
    def size(self) -> int:
        """How many classes."""
        return len(self.classes)

    def _is_pod(self) -> npt.NDArray[np.bool_]:
        flags = (not endpoint.name.startswith("node:") for endpoint in self.endpoints)
        return np.fromiter(flags, np.bool_, len(self.endpoints))

    def _tables(self, policies: tuple[Policy, ...]) -> dict[int, NetTable]:
        named = {parse_net(text) for peer in peers(policies) for text in (*peer.nets, *peer.not_nets)}
        named.update(net for extra in self.extras for net in extra.nets)
        named.update(self._served_outside())
        return {version: NetTable(net for net in named if net.version == version) for version in VERSIONS}

    def _served_outside(self) -> Iterable[Net]:
        """Addresses that a Service points to and that are no endpoint's."""
        taken = {place for endpoint in self.endpoints for place in endpoint.addresses.items()}
        return (Net(version, value, 0) for version, value in set(self._served) - taken)

    def _group(self, grouping: _Grouping, endpoint: Endpoint) -> int:
        vocabulary = self._vocabulary if endpoint.sort == "pod" else self._node_vocabulary
        labels = vocabulary.reduced(endpoint.labels)
        ports = frozenset(port for port in endpoint.ports if port[0] in self._port_names)
        served = self._served_at(endpoint) if self._served else frozenset[ServedPort]()
        four, six = self._innermost(endpoint, 4), self._innermost(endpoint, 6)
        key = (endpoint.sort, frozenset(labels.items()), four, six, ports, served)
        number = grouping.numbers.get(key)
        if number is None:
            number = grouping.numbers[key] = len(grouping.classes)
            made = EndpointClass(
                number, endpoint.sort, endpoint.name, labels, {4: four, 6: six}, ports, served
            )
            grouping.classes.append(made)
        return number

    def _served_at(self, endpoint: Endpoint) -> frozenset[ServedPort]:
        none: frozenset[ServedPort] = frozenset()
        return none.union(*(self._served.get(place, none) for place in endpoint.addresses.items()))

    def _innermost(self, endpoint: Endpoint, version: int) -> int:
        address = endpoint.addresses.get(version)
        return ABSENT if address is None else self.tables[version].innermost(address)

    def _add_outside(self, grouping: _Grouping) -> dict[tuple[int, int], int]:
        """Numbers of outside classes by IP version and innermost network."""
        found: dict[tuple[int, int], int] = {}
        for version in VERSIONS:
            for innermost in (NOWHERE, *range(len(self.tables[version].nets))):
                found[version, innermost] = len(grouping.classes)
                grouping.classes.append(self._outside(len(grouping.classes), version, innermost))
        return found

    def _outside(self, number: int, version: int, innermost: int) -> EndpointClass:
        nets = {each: innermost if each == version else ABSENT for each in VERSIONS}
        served: frozenset[ServedPort] = frozenset()
        name = f"any other IPv{version} address"
        if innermost != NOWHERE:
            net = self.tables[version].nets[innermost]
            name = f"addresses in {net}"
            served = self._served.get((version, net.first), served) if net.spread == 0 else served
        return EndpointClass(number, "outside", name, {}, nets, frozenset(), served)

    def namespace(self, number: int) -> str:
        """The namespace of a class, where policies tell namespaces apart; else that of one member."""
        each = self.classes[number]
        known = each.labels.get(NAMESPACE, OTHER)
        if each.sort != "pod" or known != OTHER:
            return known if each.sort == "pod" else ""
        return each.example.partition("/")[0]


def _selected(extras: list[Extra], selectors: Iterable[Expression]) -> tuple[Extra, ...]:
    """Only those that a rule's selector matches: the nets of the others would split classes for nothing."""
    index = LabelIndex([extra.labels for extra in extras])
    found = bits.empty(index.size)
    for selector in selectors:
        found |= index.find(selector)
    return tuple(extras[number] for number in bits.indices(found, index.size))
