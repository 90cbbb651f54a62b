"""Cluster-wide policies of network-policy-api in the common form.

https://network-policy-api.sigs.k8s.io/: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1),
ClusterNetworkPolicy (v1alpha2). Calico evaluates them in the tiers kube-admin and kube-baseline, whose
default action is Pass, so a NetworkPolicy's decision is final for the pods that it selects. `pods` and
`namespaces` select pods, never host-networked ones. A peer without a known field fails closed, as the
specification demands: in an Allow rule it matches nothing, any other rule becomes "Deny all".
"""

from collections.abc import Sequence

from opskit.core.errors import BadValue
from opskit.systems.calico.kubernetes_policies import (
    AdminEgressRule,
    AdminIngressRule,
    AdminNetworkPolicy,
    AdminPeer,
    AdminPort,
    AdminProtocol,
    AdminSubject,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    NamespacedPods,
    ProtocolPort,
)
from opskit.systems.calico.reach import label_selector
from opskit.systems.calico.reach.addresses import parse_net
from opskit.systems.calico.reach.expression import Expression, Has, both
from opskit.systems.calico.reach.rules import (
    ALLOW,
    DENY,
    EGRESS,
    INGRESS,
    NAMESPACE,
    NAMESPACE_PREFIX,
    PASS,
    POD,
    Peer,
    Policy,
    PolicyRef,
    Rule,
)
from opskit.systems.calico.reach.traffic import PortMatch, protocol_number

GROUP = "policy.networking.k8s.io"
ADMIN, BASELINE = "kube-admin", "kube-baseline"
_ACTIONS = {"Allow": ALLOW, "Accept": ALLOW, "Deny": DENY, "Pass": PASS}
AdminPolicy = AdminNetworkPolicy | BaselineAdminNetworkPolicy | ClusterNetworkPolicy


def policy(given: AdminPolicy) -> Policy:
    """One policy of any of the three kinds. It has a say only in directions that it has rules for."""
    kind, spec = type(given).__name__, given.spec
    subject, unsupported = _subject(spec.subject)
    baseline = kind == "BaselineAdminNetworkPolicy" or spec.tier == "Baseline"
    return Policy(
        ref=PolicyRef(kind=kind, name=given.name, group=GROUP),
        tier=BASELINE if baseline else ADMIN,
        order=float(spec.priority),
        subject=subject,
        ingress=tuple(_rule(rule, at, INGRESS) for at, rule in enumerate(spec.ingress or ())) or None,
        egress=tuple(_rule(rule, at, EGRESS) for at, rule in enumerate(spec.egress or ())) or None,
        unsupported=unsupported,
    )


def _subject(subject: AdminSubject) -> tuple[Expression, str]:
    try:
        if subject.namespaces is not None:
            return _pods(NamespacedPods(namespace_selector=subject.namespaces)), ""
        if subject.pods is not None:
            return _pods(subject.pods), ""
    except BadValue as wrong:
        return POD, f"subject: {wrong.what}"
    return POD, "the subject has no field that is known here"


def _pods(pods: NamespacedPods) -> Expression:
    return both(
        POD,
        Has(NAMESPACE),
        label_selector.parse(pods.namespace_selector, prefix=NAMESPACE_PREFIX),
        label_selector.parse(pods.pod_selector),
    )


def _rule(rule: AdminIngressRule | AdminEgressRule, index: int, direction: str) -> Rule:
    given = rule.sources if isinstance(rule, AdminIngressRule) else rule.to
    action = _ACTIONS.get(rule.action, "")
    try:
        ports = _ports(rule.ports, rule.protocols)
        peers = tuple(_peer(each) for each in given or ())
    except BadValue as wrong:
        return Rule(action, index, name=rule.name, unsupported=wrong.what)
    if not action:
        return Rule(DENY, index, name=rule.name, unsupported=f"the action {rule.action!r} is not known")
    if any(each == AdminPeer() for each in given or ()):
        return _closed(action, index, rule.name)
    unsupported = _unsupported(given or ())
    if direction == INGRESS:
        return Rule(action, index, name=rule.name, source=peers, ports=ports, unsupported=unsupported)
    if unsupported:
        return Rule(action, index, name=rule.name, ports=ports, unsupported=unsupported)
    return Rule(action, index, name=rule.name, destination=peers, ports=ports)


def _closed(action: str, index: int, name: str) -> Rule:
    note = "fails closed: a peer has no field that is known here"
    if action == ALLOW:
        return Rule(ALLOW, index, name=name, source=(), note=note)
    return Rule(DENY, index, name=name, note=note)


def _unsupported(peers: Sequence[AdminPeer]) -> str:
    if any(peer.domain_names for peer in peers):
        return "domainNames are resolved by the data plane while it runs"
    return ""


def _peer(peer: AdminPeer) -> Peer:
    if peer.namespaces is not None:
        return Peer(selector=_pods(NamespacedPods(namespace_selector=peer.namespaces)))
    if peer.pods is not None:
        return Peer(selector=_pods(peer.pods))
    if peer.nodes is not None:
        return Peer(nodes=label_selector.parse(peer.nodes))
    for net in peer.networks or ():
        parse_net(net)
    return Peer(nets=tuple(peer.networks or ()))


def _ports(
    ports: Sequence[AdminPort] | None, protocols: Sequence[AdminProtocol] | None
) -> tuple[PortMatch, ...] | None:
    found = (*(_port(each) for each in ports or ()), *(_protocol(each) for each in protocols or ()))
    return found or None


def _port(port: AdminPort) -> PortMatch:
    if port.port_number is not None:
        number = port.port_number.port
        return PortMatch(protocol_number(port.port_number.protocol), number, number)
    if port.port_range is not None:
        span = port.port_range
        return PortMatch(protocol_number(span.protocol), span.start, span.end)
    if port.named_port:
        return PortMatch(name=port.named_port)
    raise BadValue("a port has no field that is known here", hint="upgrade opskit or correct the policy")


def _protocol(protocol: AdminProtocol) -> PortMatch:
    given = (("TCP", protocol.tcp), ("UDP", protocol.udp), ("SCTP", protocol.sctp))
    for name, match in given:
        if match is not None:
            return _destination(protocol_number(name), match)
    if protocol.destination_named_port:
        return PortMatch(name=protocol.destination_named_port)
    raise BadValue("a protocol has no field that is known here", hint="upgrade opskit or correct the policy")


def _destination(protocol: int, match: ProtocolPort) -> PortMatch:
    port = match.destination_port
    if port is None:
        return PortMatch(protocol)
    if port.number is not None:
        return PortMatch(protocol, port.number, port.number)
    if port.range is not None:
        return PortMatch(protocol, port.range.start, port.range.end)
    raise BadValue("a destinationPort has neither number nor range", hint="correct the policy")
