"""What is asked of Prometheus about the mesh: Istio's standard metrics.

https://istio.io/latest/docs/reference/config/metrics/. All sums: never one series for each pod.
"""

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.findings import Data
from opskit.core.promql import Sample, number, samples

WINDOW = "2m"
"""Over which present rates are taken; `istio.window` of the settings."""
EDGES = 400
"""So many edges at most: those with the most requests."""
PAST_SECONDS, STEP_SECONDS = 3600, 30

_EDGE = "source_workload, source_workload_namespace, destination_service, destination_version"


class Edge(Data, frozen=True):
    """Requests from one workload to one version of one service, as the client counts them."""

    source: str
    source_namespace: str
    service: str
    version: str
    rate: float
    """Requests a second."""
    errors: float
    """Those that end with a status of 500 or more, or with none, a second."""
    p90_ms: float | None = None

    @property
    def share(self) -> float:
        """Errors of all requests, 0 to 1."""
        return self.errors / self.rate if self.rate else 0.0

    @property
    def target(self) -> str:
        """Service and version, short."""
        name = short(self.service)
        return f"{name} {self.version}" if self.version else name

    @property
    def subject(self) -> str:
        """For messages."""
        return f"{self.source} → {self.target}"


def short(service: str) -> str:
    """`reviews.shop` of a full name."""
    return service.removesuffix(".svc.cluster.local")


def requests(window: str) -> str:
    """PromQL: requests a second by edge and status."""
    inner = f'rate(istio_requests_total{{reporter="source"}}[{window}])'
    return f"topk({EDGES}, sum by ({_EDGE}, response_code) ({inner}) > 0)"


def latency(window: str) -> str:
    """PromQL: the 90th percentile by edge, milliseconds."""
    inner = f'rate(istio_request_duration_milliseconds_bucket{{reporter="source"}}[{window}])'
    return f"topk({EDGES}, histogram_quantile(0.9, sum by ({_EDGE}, le) ({inner})))"


def refused(window: str) -> str:
    """PromQL: connections that fit no filter chain of a pod's Envoy, a second: plain text under STRICT."""
    return (
        f"topk({EDGES}, sum by (namespace, pod) (rate(envoy_listener_no_filter_chain_match[{window}])) > 0)"
    )


def version_rate(service: str, version: str, window: str, *, errors: bool = False) -> str:
    """PromQL: requests a second to one version of a service, or those that fail."""
    code = ', response_code=~"5..|0"' if errors else ""
    chosen = f'reporter="source", destination_service="{service}", destination_version="{version}"{code}'
    return f"sum(rate(istio_requests_total{{{chosen}}}[{window}]))"


def version_latency(service: str, version: str, window: str) -> str:
    """PromQL: the 90th percentile of one version of a service, milliseconds."""
    chosen = f'reporter="source", destination_service="{service}", destination_version="{version}"'
    inner = f"rate(istio_request_duration_milliseconds_bucket{{{chosen}}}[{window}])"
    return f"histogram_quantile(0.9, sum by (le) ({inner}))"


PAST_REQUESTS = (
    'sum by (destination_service, destination_version) (rate(istio_requests_total{reporter="source"}[1m]))'
)
PAST_ERRORS = (
    "sum by (destination_service, destination_version) "
    '(rate(istio_requests_total{reporter="source", response_code=~"5..|0"}[1m]))'
)
PAST_LATENCY = (
    "histogram_quantile(0.9, sum by (destination_service, le) "
    '(rate(istio_request_duration_milliseconds_bucket{reporter="source"}[1m])))'
)


def edges(cluster: Cluster) -> list[Edge]:
    """Every edge that has requests now.

    Raises:
        NotInstalled: there is no Prometheus.
        BadAnswer, Unreachable.

    """
    window = str(cluster.setting("istio", "window", WINDOW))
    slow = {_key(each): number(each.value[1]) for each in samples(cluster, latency(window))}
    found: dict[tuple[str, ...], list[float]] = {}
    for each in samples(cluster, requests(window)):
        sums = found.setdefault(_key(each), [0.0, 0.0])
        rate = number(each.value[1]) or 0.0
        sums[0] += rate
        sums[1] += rate if failed(each.metric.get("response_code", "")) else 0.0
    return [_edge(key, sums[0], sums[1], slow.get(key)) for key, sums in sorted(found.items())]


def failed(code: str) -> bool:
    """Whether a status means that the request failed on the server's side, or got no answer."""
    return code.startswith("5") or code == "0"


def _key(each: Sample) -> tuple[str, ...]:
    return tuple(each.metric.get(name.strip(), "") for name in _EDGE.split(","))


def _edge(key: tuple[str, ...], rate: float, errors: float, p90: float | None) -> Edge:
    source, namespace, service, version = key
    return Edge(
        source=source,
        source_namespace=namespace,
        service=service,
        version="" if version == "unknown" else version,
        rate=rate,
        errors=errors,
        p90_ms=p90,
    )


def refusals(cluster: Cluster) -> dict[str, float]:
    """`NAMESPACE/POD` → connections a second that fit no filter chain.

    Raises:
        NotInstalled: there is no Prometheus.
        BadAnswer, Unreachable.

    """
    window = str(cluster.setting("istio", "window", WINDOW))
    return {
        f"{each.metric.get('namespace', '')}/{each.metric.get('pod', '')}": number(each.value[1]) or 0.0
        for each in samples(cluster, refused(window))
    }


def record(cluster: Cluster) -> None:
    """Ask for every range that the figures need, so that a capture holds them."""
    for query in (PAST_REQUESTS, PAST_ERRORS, PAST_LATENCY):
        try:
            cluster.metrics(query, window_seconds=PAST_SECONDS, step_seconds=STEP_SECONDS)
        except ReadError:
            # A cluster without Prometheus is captured without history; the recorder keeps the failure.
            return
