"""All policies of a cluster in the order in which they are gone through.

Calico's tiers go by order, then name. Three always exist: kube-admin (order 1,000, default action Pass),
default (1,000,000, Deny) and kube-baseline (10,000,000, Pass). A tier has a say only in endpoints that one
of its policies selects: if none of their rules decides, the tier's default action does. What no tier
decides is allowed, by the profile that every namespace has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from opskit.systems.calico.reach import admin_rules, calico_rules, kubernetes_rules
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.rules import DENY, PASS, Policy, PolicyRef, TierOrder

BUILT_IN = (
    TierOrder("kube-admin", 1_000.0, PASS),
    TierOrder("default", 1_000_000.0, DENY),
    TierOrder("kube-baseline", 10_000_000.0, PASS),
)


@dataclass(frozen=True)
class Ordered:
    """The tiers in order, each with its policies in order."""

    tiers: tuple[TierOrder, ...]
    for_hosts: tuple[tuple[PolicyRef, str], ...]
    """Policies that have no say in pods' traffic, and why."""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All, in order."""
        return tuple(policy for tier in self.tiers for policy in tier.policies)


def ordered(objects: Objects) -> Ordered:
    """Sort the policies of a cluster. Staged ones are left out."""
    policies = list(_policies(objects))
    tiers = _tiers(objects, {policy.tier for policy in policies})
    held = {tier.name: sorted((p for p in policies if p.tier == tier.name), key=_key) for tier in tiers}
    return Ordered(
        tuple(replace(tier, policies=tuple(held[tier.name])) for tier in tiers), tuple(_for_hosts(objects))
    )


def _key(policy: Policy) -> tuple[float, str]:
    return policy.sort_key


def _policies(objects: Objects) -> Iterable[Policy]:
    for given in objects.network_policies:
        yield kubernetes_rules.policy(given)
    for admin in (
        *objects.admin_network_policies,
        *objects.baseline_admin_network_policies,
        *objects.cluster_network_policies,
    ):
        yield admin_rules.policy(admin)
    for each in (*objects.calico_network_policies, *objects.global_network_policies):
        if not calico_rules.for_hosts_only(each):
            yield calico_rules.policy(each)


def _for_hosts(objects: Objects) -> Iterable[tuple[PolicyRef, str]]:
    for each in objects.global_network_policies:
        if why := calico_rules.for_hosts_only(each):
            yield PolicyRef(kind="GlobalNetworkPolicy", name=each.name, group=calico_rules.GROUP), why


def _tiers(objects: Objects, used: set[str]) -> list[TierOrder]:
    known = {tier.name: tier for tier in BUILT_IN}
    for tier in objects.tiers:
        order = inf if tier.spec.order is None else tier.spec.order
        known[tier.name] = TierOrder(tier.name, order, tier.spec.default_action)
    missing = (TierOrder(name, inf, DENY, exists=False) for name in used - set(known))
    return sorted((*known.values(), *missing), key=lambda tier: (not tier.exists, tier.order, tier.name))
