"""Who can talk to whom, on which ports, and which rule decides.

Covered: Kubernetes NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy, ClusterNetworkPolicy,
and Calico's tiers, policies and network sets, between pods, nodes and outside addresses. What a question
can't be answered for is said with the answer, as `unsupported: ...`. General limits stand in `LIMITS`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from opskit.systems.calico.reach.classes import VERSIONS, Universe
from opskit.systems.calico.reach.difference import Difference, differ
from opskit.systems.calico.reach.explain import exempt, explain
from opskit.systems.calico.reach.lints import Lint, lint
from opskit.systems.calico.reach.matrix import Matrix
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.parties import Parties, Party
from opskit.systems.calico.reach.program import Program
from opskit.systems.calico.reach.rules import EGRESS, INGRESS
from opskit.systems.calico.reach.spans import Span, boundaries, spans
from opskit.systems.calico.reach.staged import enforced
from opskit.systems.calico.reach.tiers import Ordered, ordered
from opskit.systems.calico.reach.traffic import Traffic, protocol_number
from opskit.systems.calico.reach.verdict import Decision, Verdict, verdict
from opskit.systems.calico.reach.why import why_frame

if TYPE_CHECKING:
    from pandas import DataFrame

LIMITS = (
    "Host endpoints: pods' traffic is judged, a node's own interfaces are not; preDNAT, doNotTrack and "
    "applyOnForward act there.",
    "A pod always reaches itself, and a node always reaches its own pods; matrices show classes, where "
    "neither can be seen.",
    "Addresses are taken as the policies see them: NodePorts and load balancers may hide a client's address.",
    "Answers to an open connection are always let through.",
    "Between cluster-wide policies of equal priority the specification leaves the order open; here, as in "
    "Calico, it goes by name.",
)
"""What answers leave out, in words for a person."""


class Reach:
    """The policies and endpoints of one cluster, ready to be asked. Immutable."""

    def __init__(self, objects: Objects, tiers: Ordered, universe: Universe) -> None:
        self.objects, self.ordered, self.universe = objects, tiers, universe
        self._programs: dict[int, Program] = {}
        self._parties = Parties(objects, universe, tiers)

    @classmethod
    def of(cls, objects: Objects) -> "Reach":
        """Prepare a cluster. Staged policies are left out; see `staged`.

        Raises:
            BadValue: a pod's or node's address is none.

        """
        tiers = ordered(objects)
        return cls(objects, tiers, Universe(objects, tiers.policies))

    def staged(self) -> "Reach":
        """The same cluster after every staged policy was enforced, for `difference`."""
        return Reach.of(enforced(self.objects))

    def program(self, version: int) -> Program:
        """The policies bound for one IP version."""
        if version not in self._programs:
            self._programs[version] = Program(self.universe, self.ordered.tiers, version)
        return self._programs[version]

    def allowed(
        self,
        source: str,
        destination: str,
        protocol: int | str,
        port: int | None = None,
        *,
        version: int | None = None,
        source_port: int | None = None,
        icmp_type: int | None = None,
        icmp_code: int | None = None,
    ) -> Verdict:
        """Whether a connection may be opened, and which rules decide.

        Args:
            source: `namespace/pod`, `node:name` or an IP address.
            destination: likewise; a Service is asked for by one of its pods and the target port.
            protocol: TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number.
            port: destination port, for protocols that have ports.
            version: IP version, 4 or 6; None: the first that both sides have.
            source_port: only needed where rules match by it.
            icmp_type: only needed where rules match by it.
            icmp_code: only needed where rules match by it.

        Raises:
            UnknownName: no such pod or node.
            BadValue: an impossible protocol, port or address, an ended pod, a Service's address.

        """
        sides = self._parties.find(source), self._parties.find(destination)
        chosen = version if version is not None else _common(*sides)
        traffic = Traffic.of(
            protocol,
            port,
            version=chosen,
            source_port=source_port,
            icmp_type=icmp_type,
            icmp_code=icmp_code,
        )
        return self._verdict(*sides, traffic)

    def isolated(self, pod: str, direction: str) -> bool:
        """Whether a policy of the tier default isolates what a pod receives (`ingress`) or sends (`egress`).

        Tiers above may have a say, too, and pass on; NetworkPolicies stand in the tier default.

        Raises:
            UnknownName, BadValue: as `allowed`.

        """
        number = self._parties.find(pod).numbers[0][1]
        return any(tier.name == "default" for tier, _ in self.program(4).governing(direction, number))

    def _verdict(self, source: Party, destination: Party, traffic: Traffic) -> Verdict:
        numbers = source.number(traffic.version), destination.number(traffic.version)
        if numbers[0] is None or numbers[1] is None:
            return _no_route(source, destination, traffic)
        if source.name == destination.name:
            egress, ingress = (exempt(way, "a pod always reaches itself") for way in (EGRESS, INGRESS))
        else:
            egress = self._egress(source, numbers, traffic)
            ingress = self._ingress(source, destination, numbers, traffic)
        notes = self._notes(source, destination, egress, ingress)
        return verdict(source.name, destination.name, str(traffic), egress, ingress, *notes)

    def _egress(self, source: Party, numbers: tuple[int | None, ...], traffic: Traffic) -> Decision:
        if source.sort != "pod":
            return exempt(EGRESS, _ungoverned(source))
        return self._explain(EGRESS, numbers, traffic)

    def _ingress(
        self, source: Party, destination: Party, numbers: tuple[int | None, ...], traffic: Traffic
    ) -> Decision:
        if destination.sort != "pod":
            return exempt(INGRESS, _ungoverned(destination))
        if source.sort == "host" and source.node == destination.node:
            return exempt(INGRESS, "a node always reaches its own pods")
        return self._explain(INGRESS, numbers, traffic)

    def _explain(self, direction: str, numbers: tuple[int | None, ...], traffic: Traffic) -> Decision:
        source, destination = numbers[0] or 0, numbers[1] or 0
        return explain(self.program(traffic.version), direction, source, destination, traffic)

    def _notes(
        self, source: Party, destination: Party, egress: Decision, ingress: Decision
    ) -> tuple[str, ...]:
        found = [*self._parties.limits(source), *self._parties.limits(destination)]
        if (
            source.sort == "pod"
            and destination.sort == "host"
            and source.node == destination.node
            and egress.allowed
        ):
            found.append(
                "traffic to a pod's own node is up to FelixConfiguration defaultEndpointToHostAction"
            )
        if self._parties.tunnelled(source) and ingress.consulted:
            found.append(f"packets of {source.name} may carry its tunnel's address, judged by the node's")
        return tuple(found)

    def why(
        self,
        source: str,
        destination: str,
        protocol: int | str,
        port: int | None = None,
        *,
        version: int | None = None,
    ) -> "DataFrame":
        """The reasons of `allowed`, as a table.

        Returns:
            direction, tier, policy, rule, outcome, text (str): every policy that was asked, in order, and
            each direction's decision after them.

        Raises:
            UnknownName, BadValue: as `allowed`.

        """
        return why_frame(self.allowed(source, destination, protocol, port, version=version))

    def ports(
        self, source: str, destination: str, protocol: int | str, *, version: int | None = None
    ) -> tuple[Span, ...]:
        """Which ports are open, and which rules decide: every port from 1 to 65535 is in one span.

        Args:
            source: as for `allowed`.
            destination: as for `allowed`.
            protocol: one that has ports.
            version: IP version; None: the first that both sides have.

        Raises:
            UnknownName, BadValue: as `allowed`.

        """
        number = protocol_number(protocol)
        edges = boundaries(self.ordered.policies, self.universe, number)
        found = ((low, self.allowed(source, destination, number, low, version=version)) for low in edges)
        return spans(found)

    def matrix(self, protocol: int | str, port: int | None = None, *, version: int = 4) -> Matrix:
        """All pairs of classes at once.

        Args:
            protocol: as for `allowed`.
            port: destination port, for protocols that have ports.
            version: IP version, 4 or 6.

        Raises:
            BadValue: an impossible protocol or port.

        """
        return Matrix.of(self.program(version), Traffic.of(protocol, port, version=version))

    def lints(self) -> tuple[Lint, ...]:
        """What is odd about the policies themselves."""
        return lint(self.objects, self.ordered, self.program(4), self.program(6))

    @staticmethod
    def difference(
        before: "Reach", after: "Reach", *, traffic: Iterable[Traffic] | None = None
    ) -> Difference:
        """What a change of policies does to the traffic.

        Args:
            before: the cluster as it is.
            after: the cluster as it would be: `Reach.of(reach.objects.with_changed(policy))`, or `staged()`.
            traffic: what to compare; None: every protocol and port range that any policy tells apart, IPv4
                and, where pods have such addresses, IPv6.

        """
        return differ(before, after, traffic=None if traffic is None else tuple(traffic))


def _common(source: Party, destination: Party) -> int:
    return next(
        (v for v in VERSIONS if source.number(v) is not None and destination.number(v) is not None), 4
    )


def _ungoverned(party: Party) -> str:
    if party.sort == "host":
        return "it uses its node's network, which policies for pods don't govern"
    return "it is outside of the cluster"


def _no_route(source: Party, destination: Party, traffic: Traffic) -> Verdict:
    why = f"no IPv{traffic.version} address on both sides"
    egress, ingress = (
        Decision(direction=way, allowed=False, text=f"{way.capitalize()} denied: {why}.")
        for way in (EGRESS, INGRESS)
    )
    return verdict(source.name, destination.name, str(traffic), egress, ingress)
