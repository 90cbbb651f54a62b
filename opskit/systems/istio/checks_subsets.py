"""Routes to subsets that are not defined, or have no pods."""

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.istio import kinds
from opskit.systems.istio.destinations import ANALYSIS, destinations, share, show
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import short

Ends = dict[tuple[str, str], list[tuple[kinds.VirtualService, float]]]
"""Host and subset → the rules that lead there, each with its share."""
MOST = 6
"""Rules that are shown as evidence."""


@check_of
def subset_undefined(facts: Facts) -> list[Judgement]:
    """Routes to subsets that no DestinationRule defines."""
    if isinstance(facts.destination_rules, Unread):
        return []
    defined = {
        (full(rule.spec.host, rule.namespace or ""), subset.name)
        for rule in facts.destination_rules
        for subset in rule.spec.subsets or []
    }
    return [
        _undefined(rule, host, each)
        for rule, host, each in destinations(facts)
        if each.destination.subset and (host, each.destination.subset) not in defined
    ]


def _undefined(rule: kinds.VirtualService, host: str, each: kinds.RouteDestination) -> Judgement:
    subset, part = each.destination.subset, share(rule, each)
    found = finding(
        "SUBSET_UNDEFINED",
        Severity.ERROR if part else Severity.WARNING,
        named(rule),
        f"{part:.0%} of the requests go to the subset {subset} of {short(host)}, which no rule defines.",
        evidence=[
            Evidence(
                text=f"no DestinationRule for {host} has a subset {subset}", command="istioctl analyze -A"
            ),
            Evidence(text=f"destination subset {subset}, weight {each.weight}", command=show(rule)),
        ],
        cause="The VirtualService was applied before its DestinationRule, or the subset was renamed.",
        remedy=Remedy(text="Define the subset in a DestinationRule first, then route to it."),
        source=f"{ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))


@check_of
def subset_without_pods(facts: Facts) -> list[Judgement]:
    """Subsets whose labels select no ready pod, and how much of the traffic goes there."""
    if isinstance(facts.pods, Unread) or isinstance(facts.services, Unread):
        return []
    found: list[Judgement] = []
    ends: Ends = {}
    for rule, host, each in destinations(facts):
        ends.setdefault((host, each.destination.subset), []).append((rule, share(rule, each)))
    for rule in known(facts.destination_rules, []):
        host = full(rule.spec.host, rule.namespace or "")
        service = facts.service_of.get(host)
        if service is None or not service.spec.selector:
            continue
        for subset in rule.spec.subsets or []:
            if not facts.behind(service, subset.labels):
                routes = ends.get((host, subset.name), [])
                found.append(_empty(facts, rule, host, service, subset, routes))
    return found


def _empty(
    facts: Facts,
    rule: kinds.DestinationRule,
    host: str,
    service: kinds.MeshService,
    subset: kinds.Subset,
    routes: list[tuple[kinds.VirtualService, float]],
) -> Judgement:
    part = max((each for _, each in routes), default=0.0)
    others = facts.behind(service)
    wanted = ",".join(f"{key}={value}" for key, value in (subset.labels or {}).items())
    selector = ",".join(f"{key}={value}" for key, value in (service.spec.selector or {}).items())
    versions = sorted({each.labels.get("version", "none") for each in others})
    command = f"kubectl -n {service.namespace} get pods -l {selector} --show-labels"
    found = finding(
        "SUBSET_WITHOUT_PODS",
        Severity.ERROR if part else Severity.WARNING,
        f"subset {subset.name} of {short(host)}",
        f"No ready pod is in the subset {subset.name}; {part:.0%} of the requests are sent to it.",
        evidence=[
            Evidence(text=f"no ready pod of {short(host)} has {wanted or 'its labels'}", command=command),
            Evidence(
                text=f"its {len(others)} ready pods have version {some(versions) or 'none'}", command=command
            ),
            *(
                Evidence(text=f"{named(each)} routes {one:.0%} there", command=show(each))
                for each, one in routes[:MOST]
            ),
        ],
        cause=_why_empty(facts, service, subset),
        remedy=_leave(routes, rule, subset),
        source=f"{ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))


def _why_empty(facts: Facts, service: kinds.MeshService, subset: kinds.Subset) -> str:
    wanted = {**(service.spec.selector or {}), **(subset.labels or {})}
    unready = [
        each.name
        for each in facts.pods_in.get(service.namespace or "", [])
        if wanted.items() <= each.labels.items()
    ]
    if unready:
        return f"Its pods are there and not ready: {some(unready)}."
    return "Its workload is scaled to 0 or deleted, or the labels of pods and subset differ."


def _leave(
    routes: list[tuple[kinds.VirtualService, float]], rule: kinds.DestinationRule, subset: kinds.Subset
) -> Remedy:
    text = "Bring its pods back, or take its share away."
    if not routes or not routes[0][1]:
        return Remedy(text=f"Bring its pods back, or remove the subset from {named(rule)}.")
    first = routes[0][0]
    given = {"namespace": first.namespace, "service": first.name, "subset": subset.name, "weight": 0}
    return Remedy(text=text, runbook="istio/shift-traffic", parameters=given)
