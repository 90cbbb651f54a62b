"""Calico's NetworkPolicy and GlobalNetworkPolicy in the common form.

https://docs.tigera.io/calico/latest/reference/resources/networkpolicy. A selector of a rule becomes the set
of addresses of all that it matches: pods, host endpoints (their expectedIPs) and network sets (their nets).
A namespaceSelector is a selector over the namespace's labels; where it is a negation it also matches what
is in no namespace, as the data plane does, unless it says all().
"""

from collections.abc import Sequence
from math import inf

from msgspec.structs import replace

from opskit.core.errors import BadValue
from opskit.systems.calico import kinds
from opskit.systems.calico.reach import calico_selector
from opskit.systems.calico.reach.addresses import parse_net
from opskit.systems.calico.reach.expression import Everything, Expression, Has, Is, Not, both
from opskit.systems.calico.reach.rules import (
    ACCOUNT,
    ACCOUNT_PREFIX,
    NAMESPACE,
    NAMESPACE_PREFIX,
    Peer,
    Policy,
    PolicyRef,
    Rule,
)
from opskit.systems.calico.reach.traffic import IcmpMatch, PortMatch, protocol_number

GROUP = kinds.GROUP
CalicoPolicy = kinds.CalicoNetworkPolicy | kinds.GlobalNetworkPolicy


def policy(given: CalicoPolicy) -> Policy:
    """One policy."""
    spec = given.spec
    kind, namespace = "GlobalNetworkPolicy", ""
    if isinstance(given, kinds.CalicoNetworkPolicy):
        kind, namespace = "NetworkPolicy", given.namespace or "default"
    subject, unsupported = _subject(given, namespace)
    types = policy_types(spec)
    ingress = tuple(_rule(rule, at, namespace) for at, rule in enumerate(spec.ingress or ()))
    egress = tuple(_rule(rule, at, namespace) for at, rule in enumerate(spec.egress or ()))
    return Policy(
        ref=PolicyRef(kind=kind, name=given.name, namespace=namespace, group=GROUP),
        tier=spec.tier or "default",
        order=inf if spec.order is None else spec.order,
        subject=subject,
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
        unsupported=unsupported,
    )


def policy_types(spec: kinds.PolicySpec) -> tuple[str, ...]:
    """What stands there; else Ingress unless there are only egress rules, and Egress if there are any."""
    if spec.types:
        return tuple(spec.types)
    if not spec.egress:
        return ("Ingress",)
    return ("Ingress", "Egress") if spec.ingress else ("Egress",)


def for_hosts_only(given: CalicoPolicy) -> str:
    """Why a policy has no say in pods' traffic; empty if it has."""
    spec = given.spec
    if isinstance(spec, kinds.GlobalPolicySpec) and (spec.do_not_track or spec.pre_dnat):
        return "doNotTrack" if spec.do_not_track else "preDNAT"
    return ""


def _subject(given: CalicoPolicy, namespace: str) -> tuple[Expression, str]:
    own: Expression = Is(NAMESPACE, frozenset((namespace,))) if namespace else Everything()
    spec = given.spec
    accounts: Expression = Everything() if namespace else Has(ACCOUNT)
    try:
        terms = [own, calico_selector.parse(spec.selector)]
        if isinstance(spec, kinds.GlobalPolicySpec) and spec.namespace_selector:
            terms.append(_namespaces(spec.namespace_selector))
        if spec.service_account_selector:
            terms.append(
                calico_selector.parse(
                    spec.service_account_selector, prefix=ACCOUNT_PREFIX, everything=accounts
                )
            )
        return both(*terms), ""
    except BadValue as wrong:
        return own, wrong.what


def _namespaces(selector: str) -> Expression:
    return calico_selector.parse(selector, prefix=NAMESPACE_PREFIX, everything=Has(NAMESPACE))


def _rule(rule: kinds.Rule, index: int, namespace: str) -> Rule:
    try:
        protocol = None if rule.protocol is None else protocol_number(rule.protocol)
        return Rule(
            action=rule.action,
            index=index,
            name=_annotated_name(rule),
            source=_peers(rule.source, namespace),
            destination=_peers(rule.destination, namespace),
            ports=_destination_ports(rule, protocol),
            not_protocol=None if rule.not_protocol is None else protocol_number(rule.not_protocol),
            not_ports=_ports(rule.destination.not_ports, protocol),
            source_ports=_ports(rule.source.ports, protocol),
            not_source_ports=_ports(rule.source.not_ports, protocol),
            icmp=_icmp(rule.icmp),
            not_icmp=_icmp(rule.not_icmp),
            version=rule.ip_version,
            unsupported=_unsupported(rule),
        )
    except BadValue as wrong:
        return Rule(rule.action, index, unsupported=wrong.what)


def _annotated_name(rule: kinds.Rule) -> str:
    annotations = (rule.metadata or {}).get("annotations")
    return str(annotations.get("name", "")) if isinstance(annotations, dict) else ""


def _unsupported(rule: kinds.Rule) -> str:
    if rule.http is not None:
        return "http is matched by application-layer policy only"
    if rule.action not in ("Allow", "Deny", "Log", "Pass"):
        return f"the action {rule.action!r} is not known"
    return ""


def _icmp(fields: kinds.ICMPFields | None) -> IcmpMatch | None:
    return None if fields is None else IcmpMatch(fields.type, fields.code)


def _destination_ports(rule: kinds.Rule, protocol: int | None) -> tuple[PortMatch, ...] | None:
    if rule.destination.ports:
        return _ports(rule.destination.ports, protocol)
    return None if protocol is None else (PortMatch(protocol),)


def _ports(ports: Sequence[int | str] | None, protocol: int | None) -> tuple[PortMatch, ...]:
    return tuple(_port(str(each), protocol) for each in ports or ())


def _port(port: str, protocol: int | None) -> PortMatch:
    low, colon, high = port.partition(":")
    if not low.isdecimal() or not (high.isdecimal() or not colon):
        return PortMatch(protocol, name=port)
    return PortMatch(protocol, int(low), int(high or low))


def _peers(entity: kinds.EntityRule, namespace: str) -> tuple[Peer, ...] | None:
    for net in (*(entity.nets or ()), *(entity.not_nets or ())):
        parse_net(net)
    peer = replace(
        _selected(entity, namespace), nets=tuple(entity.nets or ()), not_nets=tuple(entity.not_nets or ())
    )
    if entity.services is not None:
        peer = replace(peer, service=(entity.services.namespace or namespace, entity.services.name))
    return None if peer == Peer() else (peer,)


def _selected(entity: kinds.EntityRule, namespace: str) -> Peer:
    """The selector fields. With any of them, a namespaced policy's peers are limited to its namespace."""
    terms = [*_accounts(entity.service_accounts)]
    if entity.selector:
        terms.append(calico_selector.parse(entity.selector))
    unless = calico_selector.parse(entity.not_selector) if entity.not_selector else None
    if entity.namespace_selector:
        terms.insert(0, _namespaces(entity.namespace_selector))
    elif namespace and (terms or unless is not None):
        terms.insert(0, Is(NAMESPACE, frozenset((namespace,))))
    if not terms:
        return Peer(unless=unless)
    return Peer(selector=both(*terms) if unless is None else both(*terms, Not(unless)))


def _accounts(match: kinds.ServiceAccountMatch | None) -> list[Expression]:
    if match is None:
        return []
    terms: list[Expression] = []
    if match.selector:
        terms.append(calico_selector.parse(match.selector, prefix=ACCOUNT_PREFIX))
    if match.names:
        terms.append(Is(ACCOUNT, frozenset(match.names)))
    return terms
