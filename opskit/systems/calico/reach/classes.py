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
from opskit.systems.calico.reach.rules import ACCOUNT, NAMESPACE, ORCHESTRATOR, Policy, pods_only
from opskit.systems.calico.reach.services import ServedPort
from opskit.systems.calico.reach.vocabulary import OTHER, LabelVocabulary, Mentioned

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


_NOTHING_SERVED: frozenset[ServedPort] = frozenset()
_SET_BY_CALICO = (NAMESPACE, ORCHESTRATOR, ACCOUNT)


@dataclass
class _Grouping:
    numbers: dict[_Key, int] = field(default_factory=dict[_Key, int])
    classes: list[EndpointClass] = field(default_factory=list[EndpointClass])
    _inherited: dict[int, tuple[int, dict[str, str]]] = field(
        default_factory=dict[int, tuple[int, dict[str, str]]]
    )
    _distinct: dict[frozenset[tuple[str, str]], int] = field(
        default_factory=dict[frozenset[tuple[str, str]], int]
    )

    def inherited_by(
        self, vocabulary: LabelVocabulary, labels: Mapping[str, str]
    ) -> tuple[int, dict[str, str]]:
        """What policies can tell of inherited labels, and a number for it. Reduced once for each object."""
        known = self._inherited.get(id(labels))
        if known is None:
            reduced = vocabulary.reduced(labels)
            number = self._distinct.setdefault(frozenset(reduced.items()), len(self._distinct))
            known = self._inherited[id(labels)] = (number, reduced)
        return known


def _merged(inherited: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Own labels hide inherited ones, except for those that Calico sets itself."""
    set_ones = {key: inherited[key] for key in _SET_BY_CALICO if key in inherited}
    return {**inherited, **own, **set_ones}


class Universe:
    """Every endpoint and its class, as far as these policies can tell."""

    def __init__(self, objects: Objects, policies: tuple[Policy, ...]) -> None:
        said = Mentioned.by(policies)
        self.endpoints: tuple[Endpoint, ...] = tuple(of_cluster(objects, said.port_names))
        self._vocabulary = LabelVocabulary(said.selectors | said.subjects)
        self._node_vocabulary = LabelVocabulary(said.nodes)
        self._served = services.endpoints(objects.endpoint_slices, said.services)
        self.extras: tuple[Extra, ...] = tuple(extras_of(objects))
        self.extra_labels = LabelIndex([extra.labels for extra in self.extras])
        self.extras_in_use = self._selected_extras(said.selectors)
        """Those that any rule's selector matches: the networks of others would split classes for nothing."""
        self.tables = self._tables(said.nets)
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

    def _selected_extras(self, selectors: Iterable[Expression]) -> frozenset[int]:
        found = bits.empty(self.extra_labels.size)
        if self.extras:
            for selector in selectors:
                if not pods_only(selector):
                    found |= self.extra_labels.find(selector)
        return frozenset(bits.indices(found, self.extra_labels.size).tolist())

    def _tables(self, nets: Iterable[str]) -> dict[int, NetTable]:
        named = set(map(parse_net, nets))
        named.update(net for number in self.extras_in_use for net in self.extras[number].nets)
        named.update(self._served_outside())
        return {version: NetTable(net for net in named if net.version == version) for version in VERSIONS}

    def _served_outside(self) -> Iterable[Net]:
        """Addresses that a Service points to and that are no endpoint's."""
        taken = {place for endpoint in self.endpoints for place in endpoint.addresses.items()}
        return (Net(version, value, 0) for version, value in set(self._served) - taken)

    def _group(self, grouping: _Grouping, endpoint: Endpoint) -> int:
        inherited, shared = grouping.inherited_by(self._vocabulary, endpoint.inherited)
        vocabulary = self._vocabulary if endpoint.sort == "pod" else self._node_vocabulary
        own = vocabulary.reduced(endpoint.labels)
        served = self._served_at(endpoint) if self._served else _NOTHING_SERVED
        four, six = self._innermost(endpoint.addresses, 4), self._innermost(endpoint.addresses, 6)
        key = (endpoint.sort, inherited, frozenset(own.items()), four, six, endpoint.ports, served)
        number = grouping.numbers.get(key)
        if number is None:
            number = grouping.numbers[key] = len(grouping.classes)
            labels = _merged(shared, own)
            nets = {4: four, 6: six}
            made = EndpointClass(number, endpoint.sort, endpoint.name, labels, nets, endpoint.ports, served)
            grouping.classes.append(made)
        return number

    def _served_at(self, endpoint: Endpoint) -> frozenset[ServedPort]:
        places = endpoint.addresses.items()
        return _NOTHING_SERVED.union(*(self._served.get(place, _NOTHING_SERVED) for place in places))

    def _innermost(self, addresses: Mapping[int, int], version: int) -> int:
        address = addresses.get(version)
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
