"""Requests that fail or are slow, edge by edge, the deepest first."""

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.kinds_core import Pod
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.istio import metrics
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import Edge, short

FAILING = 0.05
"""Share of failed requests from which an edge is told."""
FEWEST = 0.1
"""Requests a second below which a share says nothing."""
SLOW_MS, TIMES = 400.0, 3.0
"""A version is slow when its 90th percentile is above the first, and so many times that of the others."""


@check_of
def edge_failing(facts: Facts) -> list[Judgement]:
    """Edges that fail, those first that no other failing edge explains."""
    bad = [each for each in known(facts.edges, []) if each.rate >= FEWEST and each.share >= FAILING]
    deepest = [each for each in bad if not _explained(facts, each, bad)]
    return [_failing(facts, each, [one for one in bad if one not in deepest]) for each in deepest or bad]


def _explained(facts: Facts, each: Edge, bad: list[Edge]) -> bool:
    """Whether what it leads to fails further down."""
    behind = workloads(facts, each.service)
    return any(
        other is not each and other.source in behind and other.service != each.service for other in bad
    )


def workloads(facts: Facts, service: str) -> set[str]:
    """The workloads behind a service, as metrics name them."""
    found = facts.service_of.get(service)
    return {workload(pod) for pod in facts.behind(found)} if found else set()


def workload(pod: Pod) -> str:
    """The name of the workload that a pod belongs to: its Deployment, StatefulSet or the like."""
    owner = next((each for each in pod.metadata.owner_references or [] if each.controller), None)
    if owner is None:
        return pod.name
    return owner.name.rpartition("-")[0] if owner.kind == "ReplicaSet" else owner.name


def _failing(facts: Facts, each: Edge, symptoms: list[Edge]) -> Judgement:
    others = [
        one
        for one in known(facts.edges, [])
        if one.service == each.service and one.version != each.version and one.rate >= FEWEST
    ]
    sound = [one for one in others if one.share < FAILING]
    found = finding(
        "EDGE_FAILING",
        Severity.ERROR,
        each.subject,
        f"{each.share:.0%} of the requests fail ({each.errors:.2f} of {each.rate:.2f} a second).",
        evidence=[
            Evidence(
                text=f"{each.subject}: {each.share:.1%} of {each.rate:.2f}/s fail", command=_query(each)
            ),
            *(
                Evidence(text=f"{one.subject}: {one.share:.1%} fail", command=_query(one))
                for one in sound[:3]
            ),
            *(Evidence(text=f"follows from it: {one.subject} fails {one.share:.0%}") for one in symptoms[:4]),
        ],
        cause=_why(each, sound),
        remedy=_away(facts, each, sound),
        source="tasks/observability/metrics/querying-metrics/",
    )
    return Judgement(finding=found, hosts=frozenset({each.service}), symptom=True)


def _why(each: Edge, sound: list[Edge]) -> str:
    if sound and each.version:
        return f"Only version {each.version} fails: its own defect, not the network's."
    return f"{short(each.service)} answers errors itself, or is not reached: ask where a request goes."


def _query(each: Edge) -> str:
    return (
        "sum by (response_code) (rate(istio_requests_total{"
        f'reporter="source", source_workload="{each.source}", destination_service="{each.service}", '
        f'destination_version="{each.version}"}}[{metrics.WINDOW}]))'
    )


def _away(facts: Facts, each: Edge, sound: list[Edge]) -> Remedy:
    """Take the share of a bad version away where another one is sound; else look where requests go."""
    for rule in known(facts.virtual_services, []):
        where = rule.namespace or ""
        ours = [one for one in rule.routes if full(one.destination.host, where) == each.service]
        if sound and each.version and any(one.destination.subset == each.version for one in ours):
            given = {"namespace": where, "service": rule.name, "subset": each.version, "weight": 0}
            return Remedy(
                text=f"Take its share in {named(rule)} away, then mend the version.",
                runbook="istio/shift-traffic",
                parameters=given,
            )
    return Remedy(
        text="See where its requests go, and the log of what answers.",
        runbook="istio/where-goes-request",
        parameters={"host": each.service},
    )


@check_of
def edge_slow(facts: Facts) -> list[Judgement]:
    """Versions that are slow, and several times slower than the others of the same service."""
    edges = [each for each in known(facts.edges, []) if each.p90_ms is not None and each.rate >= FEWEST]
    found: list[Judgement] = []
    for each in edges:
        slow = each.p90_ms or 0.0
        others = [
            one.p90_ms or 0.0 for one in edges if one.service == each.service and one.version != each.version
        ]
        if slow >= SLOW_MS and others and slow >= TIMES * min(others):
            found.append(_slow(facts, each, min(others)))
    return found


def _slow(facts: Facts, each: Edge, other: float) -> Judgement:
    sound = [
        one for one in known(facts.edges, []) if one.service == each.service and one.version != each.version
    ]
    found = finding(
        "EDGE_SLOW",
        Severity.WARNING,
        each.subject,
        f"One request in ten takes {each.p90_ms:.0f} ms or more; other versions need {other:.0f} ms.",
        evidence=[
            Evidence(
                text=f"90th percentile {each.p90_ms:.0f} ms, {each.rate:.2f} requests a second",
                command=metrics.version_latency(each.service, each.version, metrics.WINDOW),
            ),
        ],
        cause=f"Version {each.version or 'unknown'} is slow by itself: the others of the service are not.",
        remedy=_away(facts, each, sound),
        source="tasks/observability/metrics/querying-metrics/",
    )
    return Judgement(finding=found, hosts=frozenset({each.service}), symptom=True)


@check_of
def outlier_ejected(facts: Facts) -> list[Judgement]:
    """Endpoints that Envoys have taken out because they failed."""
    ejected: dict[str, list[str]] = {}
    for proxy in facts.proxies:
        for name, value in known(proxy.counters, {}).items():
            if name.endswith("outlier_detection.ejections_active") and value:
                ejected.setdefault(cluster_of(name), []).append(f"{proxy.subject} ({value:.0f})")
    return [_ejected(cluster, seen) for cluster, seen in ejected.items()]


def cluster_of(counter: str) -> str:
    """The cluster's name in a counter's."""
    return counter.removeprefix("cluster.").partition(".outlier_detection")[0].rstrip(";")


def _ejected(cluster: str, seen: list[str]) -> Judgement:
    parts = cluster.split("|")
    host, subset = (parts[3], parts[2]) if len(parts) == 4 else (cluster, "")
    who = f"{short(host)} {subset}".strip()
    found = finding(
        "OUTLIER_EJECTED",
        Severity.WARNING,
        who,
        f"Endpoints of {who} are ejected, because they answered errors in a row: {some(seen)}.",
        evidence=[
            Evidence(
                text=f"outlier_detection.ejections_active of {cluster}",
                command=f"istioctl proxy-config endpoint POD --cluster '{cluster}'",
            )
        ],
        cause="The endpoint answers 5xx; Envoy sends it nothing for a while and then tries again.",
        remedy=Remedy(text="Look at the log of the endpoint's pod."),
        source="tasks/traffic-management/circuit-breaking/",
    )
    return Judgement(finding=found, hosts=frozenset({host}), symptom=True)
