"""Where rules lead: every destination with its share, and whose requests depend on it. Pure."""

from collections.abc import Iterator

from opskit.core.parts import known
from opskit.systems.istio import kinds
from opskit.systems.istio.facts import Facts, full

Rule = kinds.VirtualService | kinds.DestinationRule

ANALYSIS = "reference/config/analysis"
"""Where Istio explains what its own analysis says, below its documentation."""


def destinations(facts: Facts) -> Iterator[tuple[kinds.VirtualService, str, kinds.RouteDestination]]:
    """Rule, full host and destination of every route."""
    for rule in known(facts.virtual_services, []):
        for each in rule.routes:
            yield rule, full(each.destination.host, rule.namespace or ""), each


def share(rule: kinds.VirtualService, each: kinds.RouteDestination) -> float:
    """Of its route's requests how many go there, 0 to 1."""
    for route in rule.spec.http:
        if any(one is each for one in route.route or []):
            total = sum(one.weight for one in route.route or [])
            return each.weight / total if total else (1.0 if len(route.route or []) == 1 else 0.0)
    return 1.0


def affected(rule: kinds.VirtualService) -> frozenset[str]:
    """The hosts whose requests the rule decides: its own, and those that it leads to."""
    where = rule.namespace or ""
    ends = (full(each.destination.host, where) for each in rule.routes)
    return frozenset([*(full(host, where) for host in rule.spec.hosts), *ends])


def together(one: Rule, other: Rule) -> bool:
    """Whether some namespace sees both: `exportTo` may keep each to its own."""
    seen, also = _seen_in(one), _seen_in(other)
    return bool(seen & also) or ("*" in seen and bool(also)) or ("*" in also and bool(seen))


def _seen_in(rule: Rule) -> frozenset[str]:
    named = rule.spec.export_to or ["*"]
    return frozenset((rule.namespace or "") if each == "." else each for each in named if each != "~")


def show(rule: Rule) -> str:
    """The command that shows a rule."""
    return f"kubectl -n {rule.namespace} get {type(rule).__name__.lower()} {rule.name} -o yaml"
