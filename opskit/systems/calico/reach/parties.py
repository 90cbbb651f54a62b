"""Who is meant by a name or an address, and what can't be judged about it."""

from dataclasses import dataclass
from functools import cached_property

from opskit.core.errors import BadValue, UnknownName
from opskit.systems.calico.reach import endpoints
from opskit.systems.calico.reach.addresses import parse_address
from opskit.systems.calico.reach.classes import Universe
from opskit.systems.calico.reach.expression import holds
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.tiers import Ordered


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a connection."""

    name: str
    sort: str
    """`pod`, `host` or `outside`."""
    numbers: tuple[tuple[int, int], ...]
    """IP version and number of the class, for each version in which it has an address."""
    node: str = ""
    addressed: bool = True
    """Whether it has an address yet."""

    def number(self, version: int) -> int | None:
        """Its class in traffic of this IP version; None: it can't take part."""
        return dict(self.numbers).get(version)

    @property
    def namespace(self) -> str:
        """Of a pod that has a network of its own."""
        return self.name.partition("/")[0] if self.sort == "pod" else ""


class Parties:
    """Finds parties by name or address."""

    def __init__(self, objects: Objects, universe: Universe, ordered: Ordered) -> None:
        self._objects, self._universe, self._ordered = objects, universe, ordered
        self._found: dict[str, Party] = {}

    @cached_property
    def _names(self) -> dict[str, int]:
        return {each.name: index for index, each in enumerate(self._universe.endpoints)}

    @cached_property
    def _addresses(self) -> dict[tuple[int, int], int]:
        """Endpoint by address; a node stands for the host-networked pods that share its address."""
        return {
            place: index
            for index, each in enumerate(self._universe.endpoints)
            for place in each.addresses.items()
        }

    @cached_property
    def _services(self) -> dict[str, str]:
        return {
            address: f"{each.namespace}/{each.name}"
            for each in self._objects.services
            for address in (each.spec.cluster_ip, *(each.spec.cluster_ips or ()))
            if address and address != "None"
        }

    def find(self, name: str) -> Party:
        """By `namespace/pod`, `node:name` or address.

        Raises:
            UnknownName: no such pod or node.
            BadValue: a pod that has ended, or the address of a Service.

        """
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Party:
        if name in self._names:
            return self._endpoint(self._names[name])
        if "/" in name or name.startswith("node:"):
            self._refuse_ended(name)
            raise UnknownName.among("pod or node", name, self._names)
        try:
            place = parse_address(name)
        except BadValue as wrong:
            raise BadValue(
                f"{name!r} is neither namespace/pod nor node:name nor an IP address.",
                hint="name a pod as namespace/pod",
            ) from wrong
        if name in self._services:
            raise BadValue(
                f"{name} is the address of Service {self._services[name]}: policies see the pods behind it.",
                hint="ask for one of its pods, at the target port",
            )
        if place in self._addresses:
            return self._endpoint(self._addresses[place], version=place[0])
        return self._outside(name, place)

    def _refuse_ended(self, name: str) -> None:
        if any(pod.finished and endpoints.pod_name(pod) == name for pod in self._objects.pods):
            raise BadValue(
                f"Pod {name} has ended: its address is no longer its own.", hint="name a running pod"
            )

    def _endpoint(self, index: int, *, version: int | None = None) -> Party:
        """A pod or node; asked for by address, it takes part in that IP version only."""
        endpoint, number = self._universe.endpoints[index], int(self._universe.class_of[index])
        versions = [version] if version else sorted(endpoint.addresses) or [4, 6]
        numbers = tuple((each, number) for each in versions)
        return Party(endpoint.name, endpoint.sort, numbers, endpoint.node, bool(endpoint.addresses))

    def _outside(self, name: str, place: tuple[int, int]) -> Party:
        version, value = place
        number = self._universe.outside[version, self._universe.tables[version].innermost(value)]
        return Party(name, "outside", ((version, number),))

    @cached_property
    def _governed_nodes(self) -> frozenset[str]:
        """Nodes with a host endpoint that does more than allow everything."""
        subjects = [policy.subject for policy in self._ordered.policies]
        return frozenset(
            each.spec.node
            for each in self._objects.host_endpoints
            if self._ordered.for_hosts
            or each.spec.profiles != ["projectcalico-default-allow"]
            or any(holds(subject, each.labels) for subject in subjects)
        )

    @cached_property
    def _tunnelled(self) -> frozenset[str]:
        return endpoints.tunnelled(self._objects)

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        return frozenset(each.name for each in self._objects.namespaces)

    def limits(self, party: Party) -> tuple[str, ...]:
        """What can't be judged about a party."""
        found: list[str] = []
        if not party.addressed:
            found.append(f"{party.name} has no address yet: judged by its labels, networks don't match it")
        if party.namespace and party.namespace not in self._namespaces:
            found.append(f"the labels of namespace {party.namespace} are not known")
        if party.sort == "host" and party.node in self._governed_nodes:
            found.append(f"a HostEndpoint of node {party.node} filters its traffic too")
        return tuple(found)

    def tunnelled(self, party: Party) -> bool:
        """Whether a host's packets may show a tunnel's address to pods of other nodes."""
        return party.sort == "host" and party.node in self._tunnelled
