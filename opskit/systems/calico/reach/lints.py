"""What is odd about policies: not wrong for the server, but hardly what was meant."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from opskit.core.findings import Data
from opskit.systems.calico.reach import admin_rules, calico_rules, kubernetes_rules
from opskit.systems.calico.reach.addresses import parse_net
from opskit.systems.calico.reach.kubernetes_rules import GROUP as KUBERNETES
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.program import BoundPolicy, BoundRule, Program
from opskit.systems.calico.reach.rules import EGRESS, INGRESS, LOG, Peer, Policy, PolicyRef, Rule
from opskit.systems.calico.reach.tiers import Ordered


class Lint(Data, frozen=True):
    """One oddity."""

    code: str
    """Stable: `SELECTS_NOTHING`, `PEER_MATCHES_NOTHING`, `RULE_NEVER_REACHED`, `UNKNOWN_PORT_NAME`,
    `RULES_WITHOUT_TYPE`, `MISSING_TIER`, `AMBIGUOUS_PRIORITY`, `HOSTS_ONLY`, `EXCEPT_OUTSIDE_CIDR` or
    `UNSUPPORTED`."""
    policy: PolicyRef
    text: str


def lint(objects: Objects, ordered: Ordered, *programs: Program) -> tuple[Lint, ...]:
    """All oddities of a cluster's policies.

    Args:
        objects: for what the common form no longer shows.
        ordered: the tiers.
        programs: bound for each IP version; a peer is odd when it matches nothing in any.

    """
    return (
        *_unsupported(ordered),
        *_hosts_only(ordered),
        *_missing_tiers(ordered),
        *_without_type(objects),
        *_ambiguous(programs[0]),
        *_selecting_nothing(programs[0]),
        *(found for policy in ordered.policies for found in _rules(policy)),
        *_peers(programs),
    )


def _of(ref: PolicyRef, code: str, text: str) -> Lint:
    return Lint(code=code, policy=ref, text=f"{ref}: {text}")


def _directed(policy: Policy) -> Iterator[tuple[str, Rule]]:
    for direction in (INGRESS, EGRESS):
        for rule in policy.rules(direction) or ():
            yield f"spec.{direction}[{rule.index}]", rule


def _unsupported(ordered: Ordered) -> Iterator[Lint]:
    for policy in ordered.policies:
        if policy.unsupported:
            yield _of(policy.ref, "UNSUPPORTED", policy.unsupported)
        for where, rule in _directed(policy):
            if rule.unsupported:
                yield _of(policy.ref, "UNSUPPORTED", f"{where}: {rule.unsupported}")


def _hosts_only(ordered: Ordered) -> Iterator[Lint]:
    for ref, why in ordered.for_hosts:
        yield _of(ref, "HOSTS_ONLY", f"{why} policies act on host endpoints, not between pods")


def _missing_tiers(ordered: Ordered) -> Iterator[Lint]:
    for tier in ordered.tiers:
        for policy in tier.policies if not tier.exists else ():
            yield _of(
                policy.ref, "MISSING_TIER", f"tier {tier.name} does not exist; it is taken as the last one"
            )


def _without_type(objects: Objects) -> Iterator[Lint]:
    for given in objects.network_policies:
        ref = kubernetes_rules.policy(given).ref
        yield from _unused(
            ref, kubernetes_rules.policy_types(given.spec), given.spec.ingress, given.spec.egress
        )
    for each in (*objects.calico_network_policies, *objects.global_network_policies):
        ref = calico_rules.policy(each).ref
        yield from _unused(ref, calico_rules.policy_types(each.spec), each.spec.ingress, each.spec.egress)


def _unused(ref: PolicyRef, types: tuple[str, ...], ingress: object, egress: object) -> Iterator[Lint]:
    for name, rules in (("Ingress", ingress), ("Egress", egress)):
        if rules and name not in types:
            yield _of(
                ref, "RULES_WITHOUT_TYPE", f"its {name.lower()} rules have no effect: types lack {name}"
            )


def _ambiguous(program: Program) -> Iterator[Lint]:
    for tier in program.tiers:
        admin = [each for each in tier.policies if each.policy.ref.group == admin_rules.GROUP]
        for one, other in combinations(admin, 2):
            if one.policy.order == other.policy.order and (one.subject & other.subject).any():
                text = f"priority {one.policy.order:.0f} is also that of {other.policy.ref}: either may win"
                yield _of(one.policy.ref, "AMBIGUOUS_PRIORITY", text)


def _selecting_nothing(program: Program) -> Iterator[Lint]:
    for bound in (each for tier in program.tiers for each in tier.policies):
        if not len(bound.rows) and not bound.policy.unsupported:
            yield _of(bound.policy.ref, "SELECTS_NOTHING", "it selects no pod")


def _rules(policy: Policy) -> Iterator[Lint]:
    for direction in (INGRESS, EGRESS):
        closed = ""
        for rule in policy.rules(direction) or ():
            where = f"spec.{direction}[{rule.index}]"
            if closed and policy.ref.group != KUBERNETES:
                yield _of(
                    policy.ref, "RULE_NEVER_REACHED", f"{where} comes after {closed}, which matches all"
                )
            if not closed and rule.action != LOG and _matches_all(rule):
                closed = where
            yield from _outside_cidr(policy.ref, where, rule)


def _matches_all(rule: Rule) -> bool:
    return rule == Rule(rule.action, rule.index, name=rule.name, note=rule.note)


def _outside_cidr(ref: PolicyRef, where: str, rule: Rule) -> Iterator[Lint]:
    if ref.group != KUBERNETES:
        return
    for peer in (*(rule.source or ()), *(rule.destination or ())):
        for text in peer.not_nets:
            inner, outer = parse_net(text), parse_net(peer.nets[0])
            if inner.version != outer.version or not outer.first <= inner.first <= inner.last <= outer.last:
                yield _of(
                    ref, "EXCEPT_OUTSIDE_CIDR", f"{where}: except {text} is not inside of {peer.nets[0]}"
                )


def _peers(programs: tuple[Program, ...]) -> Iterator[Lint]:
    each = [[bound for tier in program.tiers for bound in tier.policies] for program in programs]
    for bounds in zip(*each, strict=True):
        for direction in (INGRESS, EGRESS):
            held = [bound.rules(direction) or () for bound in bounds]
            for rules in zip(*held, strict=True):
                yield from _peer(programs, bounds[0], f"spec.{direction}[{rules[0].rule.index}]", rules)


def _peer(
    programs: tuple[Program, ...], bound: BoundPolicy, where: str, rules: tuple[BoundRule, ...]
) -> Iterator[Lint]:
    ref, rule = bound.policy.ref, rules[0].rule
    if rule.note or rule.unsupported:
        return
    for side, peers in (("source", rule.source), ("destination", rule.destination)):
        masks = [each.source if side == "source" else each.destination for each in rules]
        if _selects(peers) and all(mask is not None and not mask.any() for mask in masks):
            yield _of(ref, "PEER_MATCHES_NOTHING", f"{where}: its {side} matches no pod, node or network set")
    for name in {port.name for port in rule.ports or () if port.name}:
        if not any(program.masks.has_port_name(name) for program in programs):
            yield _of(ref, "UNKNOWN_PORT_NAME", f"{where}: no pod names a port {name!r}")


def _selects(peers: Iterable[Peer] | None) -> bool:
    return any(peer.selector is not None or peer.service or peer.nodes is not None for peer in peers or ())
