"""Kubernetes' NetworkPolicy in the common form.

https://kubernetes.io/docs/concepts/services-networking/network-policies/. Calico puts these at order
1000 of its default tier, whose default action is Deny: that is what isolates the pods they select.
Peers that are selectors select pods only; host-networked pods are reached by their node's address.
"""

from collections.abc import Sequence

from opskit.core.errors import BadValue
from opskit.systems.calico.kubernetes_policies import (
    EgressRule,
    IngressRule,
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from opskit.systems.calico.reach import label_selector
from opskit.systems.calico.reach.addresses import parse_net
from opskit.systems.calico.reach.expression import Expression, Has, Is, both
from opskit.systems.calico.reach.rules import (
    ALLOW,
    NAMESPACE,
    NAMESPACE_PREFIX,
    POD,
    Peer,
    Policy,
    PolicyRef,
    Rule,
)
from opskit.systems.calico.reach.traffic import PortMatch, protocol_number

GROUP = "networking.k8s.io"
ORDER = 1000.0


def policy(given: NetworkPolicy, *, order: float = ORDER) -> Policy:
    """One NetworkPolicy."""
    namespace, spec = given.namespace or "default", given.spec
    ref = PolicyRef(kind="NetworkPolicy", name=given.name, namespace=namespace, group=GROUP)
    subject, unsupported = _subject(spec, namespace)
    types = policy_types(spec)
    ingress = tuple(_ingress(rule, at, namespace) for at, rule in enumerate(spec.ingress or ()))
    egress = tuple(_egress(rule, at, namespace) for at, rule in enumerate(spec.egress or ()))
    return Policy(
        ref=ref,
        tier="default",
        order=order,
        subject=subject,
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
        unsupported=unsupported,
    )


def policy_types(spec: NetworkPolicySpec) -> tuple[str, ...]:
    """What stands there; else Ingress, and Egress too if there are egress rules."""
    return tuple(spec.policy_types or ("Ingress", *(("Egress",) if spec.egress else ())))


def _subject(spec: NetworkPolicySpec, namespace: str) -> tuple[Expression, str]:
    own = both(POD, Is(NAMESPACE, frozenset((namespace,))))
    try:
        return both(own, label_selector.parse(spec.pod_selector)), ""
    except BadValue as wrong:
        return own, f"podSelector: {wrong.what}"


def _ingress(rule: IngressRule, index: int, namespace: str) -> Rule:
    try:
        return Rule(ALLOW, index, source=_peers(rule.sources, namespace), ports=_ports(rule.ports))
    except BadValue as wrong:
        return Rule(ALLOW, index, unsupported=wrong.what)


def _egress(rule: EgressRule, index: int, namespace: str) -> Rule:
    try:
        return Rule(ALLOW, index, destination=_peers(rule.to, namespace), ports=_ports(rule.ports))
    except BadValue as wrong:
        return Rule(ALLOW, index, unsupported=wrong.what)


def _peers(peers: Sequence[NetworkPolicyPeer] | None, namespace: str) -> tuple[Peer, ...] | None:
    if not peers:
        return None
    return tuple(_peer(each, namespace) for each in peers if _says_something(each))


def _says_something(peer: NetworkPolicyPeer) -> bool:
    """The API server rejects a peer without a field; if one exists it selects nothing."""
    return not (peer.ip_block is None and peer.pod_selector is None and peer.namespace_selector is None)


def _peer(peer: NetworkPolicyPeer, namespace: str) -> Peer:
    if peer.ip_block is not None:
        return _block(peer.ip_block)
    if peer.namespace_selector is None:
        where: Expression = Is(NAMESPACE, frozenset((namespace,)))
    else:
        where = both(Has(NAMESPACE), label_selector.parse(peer.namespace_selector, prefix=NAMESPACE_PREFIX))
    pods = (label_selector.parse(peer.pod_selector),) if peer.pod_selector is not None else ()
    return Peer(selector=both(POD, where, *pods))


def _block(block: IPBlock) -> Peer:
    for net in (block.cidr, *(block.excluded or ())):
        parse_net(net)
    return Peer(nets=(block.cidr,), not_nets=tuple(block.excluded or ()))


def _ports(ports: Sequence[NetworkPolicyPort] | None) -> tuple[PortMatch, ...] | None:
    return tuple([_port(each) for each in ports]) if ports else None


def _port(port: NetworkPolicyPort) -> PortMatch:
    protocol = protocol_number(port.protocol or "TCP")
    if port.port is None:
        return PortMatch(protocol)
    if isinstance(port.port, str):
        return PortMatch(protocol, name=port.port)
    return PortMatch(protocol, port.port, port.end_port or port.port)
