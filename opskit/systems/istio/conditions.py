"""Predicates that Istio's plans name."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.promql import vector
from opskit.systems.istio import metrics, reading
from opskit.systems.istio.kinds import VIRTUAL_SERVICE, HttpRoute

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()

_LEAST = 10.0
"""Seconds below which a rate means nothing."""
_FEWEST_FAILED = 3.0
"""Failed requests below which chance may have its hand in it."""


@CONDITIONS.named("istio/weights-are")
def weights_are(cluster: "Cluster", *, namespace: str, name: str, weights: dict[str, int]) -> Held:
    """Every weighted route of the rule has these shares, by subset."""
    rule = cluster.get(VIRTUAL_SERVICE, name, namespace=namespace)
    found = [shares(each) for each in rule.spec.http if weights.keys() <= shares(each).keys()]
    told = ", ".join(f"{subset} {share}" for subset, share in (found[0] if found else {}).items())
    ok = bool(found) and all(each == weights for each in found)
    return Held(ok=ok, state=f"{namespace}/{name} routes {told or 'to none of these subsets'}")


def shares(route: HttpRoute) -> dict[str, int]:
    """Subset → weight of one route."""
    return {each.destination.subset: each.weight for each in route.route or [] if each.destination.subset}


@CONDITIONS.named("istio/proxies-in-sync")
def proxies_in_sync(cluster: "Cluster") -> Held:
    """Every proxy has acknowledged what istiod has sent."""
    stale = [each.proxy for each in reading.synced(cluster) if each.stale]
    return Held(
        ok=not stale, state=f"not acknowledged by {', '.join(stale[:4])}" if stale else "all proxies in sync"
    )


@CONDITIONS.named("istio/version-is-sound")
def version_is_sound(
    cluster: "Cluster",
    *,
    namespace: str,
    name: str,
    service: str,
    version: str,
    seconds: int,
    most_errors: float,
    most_ms: int,
    fewest: int,
) -> Held:
    """Since the last shift a version was watched for so long, had enough requests, and answered them well.

    Waiting is in vain as soon as what was measured is worse than allowed.

    Args:
        cluster: whose Prometheus is asked.
        namespace: of the VirtualService.
        name: of the VirtualService; its managed fields say when it was changed last.
        service: the full name of the host.
        version: of the subset.
        seconds: how long it is watched.
        most_errors: share of requests that may fail, 0 to 1.
        most_ms: 90th percentile that is still good; 0 is any.
        fewest: requests without which nothing is said.

    """
    watched = _since_changed(cluster, namespace, name)
    if watched < _LEAST:
        return Held(ok=False, state=f"watched for {watched:.0f} of {seconds} s")
    window = f"{int(min(watched, seconds))}s"
    seen = _seen(cluster, service, version, window)
    ms = f", 90th percentile {seen.ms:.0f} ms" if seen.ms else ""
    who = f"{metrics.short(service)} {version}"
    state = f"{seen.requests:.0f} requests to {who} in {window}, {seen.share:.1%} failed{ms}"
    slow = most_ms > 0 and seen.requests >= fewest and seen.ms > most_ms
    if (seen.failed >= _FEWEST_FAILED and seen.share > most_errors) or slow:
        allowed = f"{most_errors:.1%} failed" + (f" and {most_ms} ms" if most_ms else "")
        return Held(ok=False, state=f"{state}: worse than {allowed}", vain=True)
    if watched < seconds:
        return Held(ok=False, state=f"{state}; watched for {watched:.0f} of {seconds} s")
    few = seen.requests < fewest
    return Held(ok=not few, state=f"{state}: fewer than the {fewest} to judge by" if few else state)


@dataclass(frozen=True)
class _Seen:
    requests: float
    failed: float
    ms: float

    @property
    def share(self) -> float:
        return self.failed / self.requests if self.requests else 0.0


def _since_changed(cluster: "Cluster", namespace: str, name: str) -> float:
    """Seconds since anybody changed the rule."""
    metadata = cluster.raw(VIRTUAL_SERVICE, name, namespace=namespace).get("metadata") or {}
    times = [str(each.get("time") or "") for each in metadata.get("managedFields") or []]
    last = max((datetime.fromisoformat(each) for each in times if each), default=None)
    return (cluster.now() - last).total_seconds() if last else 0.0


def _seen(cluster: "Cluster", service: str, version: str, window: str) -> _Seen:
    seconds = float(window.removesuffix("s"))
    return _Seen(
        requests=_one(cluster, metrics.version_rate(service, version, window)) * seconds,
        failed=_one(cluster, metrics.version_rate(service, version, window, errors=True)) * seconds,
        ms=_one(cluster, metrics.version_latency(service, version, window)),
    )


def _one(cluster: "Cluster", query: str) -> float:
    return next(iter(vector(cluster, query, label="").values()), 0.0)
