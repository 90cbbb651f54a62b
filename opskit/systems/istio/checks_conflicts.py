"""Rules that contradict each other or themselves: shares, and two rules for one host."""

from collections.abc import Iterator
from typing import TypeVar

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.istio import kinds
from opskit.systems.istio.destinations import ANALYSIS, affected, show, together
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import short

RuleT = TypeVar("RuleT", kinds.VirtualService, kinds.DestinationRule)


@check_of
def weights(facts: Facts) -> list[Judgement]:
    """Shares that do not add up to 100: Envoy takes them in proportion, which is rarely what was meant."""
    found: list[Judgement] = []
    for rule in known(facts.virtual_services, []):
        for route in rule.spec.http:
            given = [each.weight for each in route.route or []]
            if len(given) > 1 and sum(given) != 100:
                found.append(_weighted(rule, route, given))
    return found


def _weighted(rule: kinds.VirtualService, route: kinds.HttpRoute, given: list[int]) -> Judgement:
    total = sum(given)
    ends = [
        f"{each.destination.subset or each.destination.host}: {each.weight}" for each in route.route or []
    ]
    real = ", ".join(f"{each / total:.0%}" for each in given) if total else "evenly to all"
    found = finding(
        "WEIGHTS",
        Severity.WARNING,
        f"{named(rule)}, route {route.name or 'without a name'}",
        f"The weights add up to {total}, not 100: requests are split {real}.",
        evidence=[Evidence(text="; ".join(ends), command=show(rule))],
        cause="One share was changed and the other forgotten.",
        remedy=Remedy(text="Set weights that add up to 100."),
        source="reference/config/networking/virtual-service/#HTTPRouteDestination",
    )
    return Judgement(finding=found, hosts=affected(rule))


@check_of
def rules_conflict(facts: Facts) -> list[Judgement]:
    """Several rules for one host: which one counts is decided by age, not by what is written in them."""
    return [*_routes_conflict(facts), *_policies_conflict(facts)]


def _routes_conflict(facts: Facts) -> Iterator[Judgement]:
    by_host: dict[str, list[kinds.VirtualService]] = {}
    for rule in known(facts.virtual_services, []):
        if rule.in_mesh:
            for host in rule.spec.hosts:
                by_host.setdefault(full(host, rule.namespace or ""), []).append(rule)
    for host, claimed in by_host.items():
        rules = _meeting(claimed)
        if len(rules) > 1:
            effect = "sidecars use one of them and ignore the others"
            yield _conflict("VIRTUAL_SERVICES_CONFLICT", host, rules, effect, "ist0109")


def _policies_conflict(facts: Facts) -> Iterator[Judgement]:
    by_host: dict[str, list[kinds.DestinationRule]] = {}
    for rule in known(facts.destination_rules, []):
        if rule.spec.workload_selector is None:
            by_host.setdefault(full(rule.spec.host, rule.namespace or ""), []).append(rule)
    for host, claimed in by_host.items():
        rules = _meeting(claimed)
        subsets = [subset.name for rule in rules for subset in rule.spec.subsets or []]
        policies = [rule for rule in rules if rule.spec.traffic_policy]
        if len(rules) > 1 and (len(set(subsets)) < len(subsets) or len(policies) > 1):
            effect = "the older one's policy and subsets of the same name win, the others are dropped"
            yield _conflict("DESTINATION_RULES_CONFLICT", host, rules, effect, "ist0137")


def _meeting(rules: list[RuleT]) -> list[RuleT]:
    """Those that some namespace sees beside another one."""
    return [each for each in rules if any(one is not each and together(one, each) for one in rules)]


def _conflict(
    code: str,
    host: str,
    rules: "list[kinds.VirtualService] | list[kinds.DestinationRule]",
    effect: str,
    page: str,
) -> Judgement:
    ordered = sorted(rules, key=lambda each: str(each.metadata.creation_timestamp))
    found = finding(
        code,
        Severity.WARNING,
        f"{short(host)}",
        f"{len(rules)} rules claim {short(host)}: {some(named(each) for each in ordered)}; {effect}.",
        evidence=[
            Evidence(text=f"{named(each)}, made {each.metadata.creation_timestamp}", command=show(each))
            for each in ordered
        ],
        cause="Two teams, or two releases, manage the same host.",
        remedy=Remedy(text=f"Merge them into {named(ordered[0])}, then delete the others."),
        source=f"{ANALYSIS}/{page}/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))
