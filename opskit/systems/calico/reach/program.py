"""Policies bound to the classes of one cluster, ready to be asked about traffic."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Bits, Indices
from opskit.systems.calico.reach.classes import Universe
from opskit.systems.calico.reach.masks import Masks
from opskit.systems.calico.reach.rules import INGRESS, LOG, Policy, Rule, TierOrder
from opskit.systems.calico.reach.services import ServiceName
from opskit.systems.calico.reach.traffic import PortMatch, Traffic


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule and the classes that it may mean on either side; None means all."""

    rule: Rule
    source: Bits | None
    destination: Bits | None
    service: ServiceName | None
    """A Service that the destination must be an endpoint of."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule matches of some traffic."""

    source: Bits | None
    destination: Bits | None
    unsupported: str = ""
    """Why it is not known whether it really matches."""


@dataclass(frozen=True, slots=True)
class BoundPolicy:
    """A policy and the classes that it selects."""

    policy: Policy
    subject: Bits
    rows: Indices
    ingress: tuple[BoundRule, ...] | None
    egress: tuple[BoundRule, ...] | None

    def rules(self, direction: str) -> tuple[BoundRule, ...] | None:
        """The rules of one direction; None where the policy has no say."""
        return self.ingress if direction == INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class BoundTier:
    """A tier with bound policies."""

    tier: TierOrder
    policies: tuple[BoundPolicy, ...]


class Program:
    """All tiers, bound for one IP version."""

    def __init__(self, universe: Universe, tiers: Iterable[TierOrder], version: int) -> None:
        self.universe, self.version = universe, version
        self.masks = Masks(universe, version)
        self.tiers = tuple(BoundTier(tier, tuple(map(self._policy, tier.policies))) for tier in tiers)
        self._governing: dict[tuple[str, int], list[tuple[TierOrder, list[BoundPolicy]]]] = {}

    def _policy(self, policy: Policy) -> BoundPolicy:
        subject = self.masks.subject(policy.subject)
        rows = bits.indices(subject, self.universe.size)
        return BoundPolicy(policy, subject, rows, self._rules(policy.ingress), self._rules(policy.egress))

    def _rules(self, rules: tuple[Rule, ...] | None) -> tuple[BoundRule, ...] | None:
        return None if rules is None else tuple(self._rule(rule) for rule in rules if rule.action != LOG)

    def _rule(self, rule: Rule) -> BoundRule:
        services = [peer.service for peer in rule.destination or () if peer.service is not None]
        return BoundRule(
            rule,
            self.masks.peers(rule.source, source=True),
            self.masks.peers(rule.destination, source=False),
            services[0] if services else None,
        )

    def governing(self, direction: str, number: int) -> list[tuple[TierOrder, list[BoundPolicy]]]:
        """The tiers, in order, that have a say in a class, and the policies that give it them."""
        key = (direction, number)
        if key not in self._governing:
            held = ((bound.tier, self._selecting(bound, direction, number)) for bound in self.tiers)
            self._governing[key] = [(tier, policies) for tier, policies in held if policies]
        return self._governing[key]

    def _selecting(self, tier: BoundTier, direction: str, number: int) -> list[BoundPolicy]:
        return [
            policy
            for policy in tier.policies
            if policy.rules(direction) is not None and bits.test(policy.subject, number)
        ]

    def match(self, bound: BoundRule, traffic: Traffic) -> Match | None:
        """What the rule matches of this traffic; None: nothing."""
        rule = bound.rule
        if rule.not_protocol == traffic.protocol or rule.version not in (None, traffic.version):
            return None
        unsupported = self._unsupported(rule, traffic)
        if unsupported is None:
            return None
        source, destination = bound.source, bound.destination
        if rule.ports is not None or rule.not_ports or bound.service is not None:
            destination = self._destination(bound, traffic)
        if traffic.source_port is not None and (rule.source_ports or rule.not_source_ports):
            source = self._ported(
                source,
                rule.source_ports or None,
                rule.not_source_ports,
                traffic.protocol,
                traffic.source_port,
            )
        if _none(source) or _none(destination):
            return None
        return Match(source, destination, unsupported)

    def _unsupported(self, rule: Rule, traffic: Traffic) -> str | None:
        """Why the question leaves it open whether the rule matches; None: it does not match."""
        wanted = True if rule.icmp is None else rule.icmp.of(traffic)
        unwanted = False if rule.not_icmp is None else rule.not_icmp.of(traffic)
        if wanted is False or unwanted is True:
            return None
        if wanted is None or unwanted is None:
            return "it matches by ICMP type or code: ask with them"
        if traffic.source_port is None and (rule.source_ports or rule.not_source_ports):
            return "it matches by source port: ask with one"
        return rule.unsupported

    def _destination(self, bound: BoundRule, traffic: Traffic) -> Bits | None:
        rule = bound.rule
        destination = self._ported(
            bound.destination, rule.ports, rule.not_ports, traffic.protocol, traffic.port
        )
        if bound.service is None:
            return destination
        served = self.masks.served(bound.service, traffic.protocol, traffic.port or 0)
        return served if destination is None else destination & served

    def _ported(
        self,
        members: Bits | None,
        wanted: tuple[PortMatch, ...] | None,
        unwanted: tuple[PortMatch, ...],
        protocol: int,
        port: int | None,
    ) -> Bits | None:
        """The classes among `members` at which the port is wanted."""
        if unwanted and any(each.of(protocol, port) for each in unwanted):
            return self.masks.empty
        if wanted is not None and not any(each.of(protocol, port) for each in wanted):
            named = self._named(wanted, protocol, port)
            members = named if members is None else members & named
        if unwanted and any(each.name for each in unwanted):
            named = ~self._named(unwanted, protocol, port) & self.masks.full
            members = named if members is None else members & named
        return members

    def _named(self, ports: tuple[PortMatch, ...], protocol: int, port: int | None) -> Bits:
        fitting = (each.name for each in ports if each.name and each.protocol in (None, protocol))
        found = [self.masks.named_port(name, protocol, port or 0) for name in fitting]
        return reduce(or_, found, self.masks.empty)


def _none(members: Bits | None) -> bool:
    return members is not None and not members.any()
