"""One question about one request, asked of the client's own Envoy."""

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound
from opskit.systems.istio import reading
from opskit.systems.istio.facts import Facts
from opskit.systems.istio.routing import Request, Way, route_of


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
