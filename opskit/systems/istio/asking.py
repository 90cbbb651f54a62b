"""Questions about requests, asked of a client's own Envoy, or of the tracing server."""

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound
from opskit.systems.istio import jaeger, reading
from opskit.systems.istio.facts import Facts
from opskit.systems.istio.routing import Request, Way, route_of
from opskit.systems.istio.traces import Trace, Traced, name_of, traced, unknown

NEWEST = 100
"""Traces that are looked at, the newest of each service that is asked about."""
ENTRANCES = 4
"""Services that are asked about where none is named: gateways first."""


def where_goes(
    cluster: Cluster, facts: Facts, *, host: str, port: int = 80, path: str = "/", client: str = ""
) -> Way:
    """Follow a request through the Envoy of the pod that makes it.

    Args:
        cluster: whose Envoy is asked.
        facts: of the mesh.
        host: full name, as in the Host header.
        port: that the client dials; of a gateway, the port that its pod listens on.
        path: of the request.
        client: `NAMESPACE/POD` that makes it; empty: the first gateway or proxy that was asked.

    Raises:
        NotFound: no such pod has an Envoy.
        Unreachable, DeadlineExceeded, BadAnswer: its admin interface does not answer.

    """
    there = {f"{pod.namespace}/{pod.name}": pod for pod in facts.meshed}
    chosen = client or next((each.subject for each in facts.proxies), "")
    pod = there.get(chosen)
    if pod is None:
        known = ", ".join(sorted(there)[:8]) or "none"
        raise NotFound(f"No pod {chosen!r} has an Envoy.", where="pods", hint=f"there are {known}")
    where = pod.namespace or ""
    dump = reading.config_dump(cluster, pod.name, where)
    return route_of(
        Request(host=host, port=port, path=path), dump, reading.clusters(cluster, pod.name, where)
    )


def where_time_goes(
    cluster: Cluster, facts: Facts, *, host: str = "", minutes: int = 15, slower_ms: float = 0.0
) -> Traced:
    """The last traced requests, the slowest first, and where their time went.

    Args:
        cluster: whose tracing server is asked.
        facts: of the mesh.
        host: a service that they passed, as `reviews.shop` or its full name; empty: any, by the gateways.
        minutes: how far back.
        slower_ms: the time that a request must have taken, milliseconds.

    Raises:
        NotFound: no Envoy of that service has sent a span.
        NotInstalled: there is no tracing server.
        Unreachable, DeadlineExceeded, BadAnswer, Unauthorized, Forbidden.

    """
    senders = reading.jaeger(cluster, "/api/services", model=jaeger.Services).data or []
    service = name_of(host)
    if service and service not in senders:
        raise NotFound(unknown(service, senders), where="tracing", hint="choose one of them")
    asked = [service] if service else entrances(facts, senders)
    found = [each for name in asked for each in _traces(cluster, name)]
    return traced(found, service=service, minutes=minutes, now=cluster.now(), slower_ms=slower_ms)


def entrances(facts: Facts, senders: list[str]) -> list[str]:
    """Whom to ask for all requests: the gateways that have sent spans; without any, the first senders."""
    gateways = {
        f"{pod.labels.get('app', '')}.{pod.namespace}" for pod in facts.meshed if "istio" in pod.labels
    }
    return sorted(each for each in senders if each in gateways)[:ENTRANCES] or sorted(senders)[:ENTRANCES]


def _traces(cluster: Cluster, service: str) -> list[Trace]:
    answer = reading.jaeger(cluster, "/api/traces", model=jaeger.Traces, service=service, limit=str(NEWEST))
    return list(jaeger.traces_of(answer))
