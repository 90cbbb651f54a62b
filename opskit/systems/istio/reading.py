"""The one place that talks to istiod, to Envoys' admin interfaces, and to the server of their traces."""

from typing import Any, TypeVar

import msgspec

from opskit.core.answers import converted, decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.errors import BadAnswer, Forbidden, NotInstalled, Unauthorized, Unreachable
from opskit.core.parts import Unread, attempt, known
from opskit.systems.istio import answers
from opskit.systems.istio.proxies import Proxy

T = TypeVar("T")

NAMESPACE = "istio-system"
ADMIN = 15000
SECONDS = 8.0
"""For one answer of a proxy."""

COUNTERS = (
    r"(manager\.(cds|lds)|\.rds.*)\.update_rejected$|listener_manager\.lds\.update_rejected$"
    r"|no_filter_chain_match$|control_plane\.connected_state$|outlier_detection\.ejections_active$"
    r"|ssl\.fail_verify_(error|san)$|ssl\.connection_error$"
)
"""Which counters are asked for: all others stay with Envoy."""

SECTIONS = (
    "dynamic_active_clusters",
    "dynamic_warming_clusters",
    "dynamic_listeners",
    "dynamic_route_configs",
)


def namespace(cluster: Cluster) -> str:
    """Istio's own namespace: `istio.namespace` of the settings."""
    return str(cluster.setting("istio", "namespace", NAMESPACE))


def istiod(cluster: Cluster, path: str, *, model: type[T]) -> T:
    """Ask istiod.

    Raises:
        NotInstalled, Unreachable, DeadlineExceeded, BadAnswer, Unauthorized, Forbidden.

    """
    return _asked(cluster, "istiod", path, {}, model)


def synced(cluster: Cluster) -> list[answers.Sync]:
    """What istiod has sent to each proxy, and what each has acknowledged.

    istioctl's own sessions are in istiod's list, too, as `test-1.default` with a version of its own: they ask
    for no configuration, and are no proxies.

    Raises:
        As `istiod`.

    """
    return [each for each in istiod(cluster, "/debug/syncz", model=list[answers.Sync]) if each.asks]


def jaeger(cluster: Cluster, path: str, *, model: type[T], **query: str) -> T:
    """Ask the tracing server that Envoys send their spans to.

    Raises:
        NotInstalled: none is named in opskit.toml or found in the cluster.
        Unreachable, DeadlineExceeded, BadAnswer, Unauthorized, Forbidden.

    """
    return _asked(cluster, "jaeger", path, query, model)


def envoy(cluster: Cluster, pod: str, where: str, path: str, *, model: Any, **query: str) -> Any:
    """Ask one Envoy's admin interface, through a port-forward to its pod.

    Raises:
        NotInstalled, Unreachable, DeadlineExceeded, BadAnswer.

    """
    return _asked(cluster, f"envoy@http://{where}/{pod}:{ADMIN}", path, query, model)


def proxy(cluster: Cluster, pod: str, where: str) -> Proxy:
    """What one Envoy says of itself, in two small answers; a third where it refused something."""
    counters = attempt(f"stats of {where}/{pod}", lambda: _counters(cluster, pod, where))
    certificates: answers.Certificates | Unread = attempt(
        f"certificates of {where}/{pod}",
        lambda: envoy(cluster, pod, where, "/certs", model=answers.Certificates),
    )
    seen = Proxy(pod=pod, namespace=where, counters=counters, certificates=certificates)
    if not seen.counter("update_rejected"):
        return seen
    return msgspec.structs.replace(
        seen, rejections=known(attempt("rejections", lambda: rejections(cluster, pod, where)), ())
    )


def _counters(cluster: Cluster, pod: str, where: str) -> dict[str, float]:
    found: answers.Stats = envoy(
        cluster, pod, where, "/stats", model=answers.Stats, format="json", filter=COUNTERS, usedonly=""
    )
    numbers = ((each.name, each.value) for each in found.stats)
    return {name: float(value) for name, value in numbers if isinstance(value, int | float) and value}


def rejections(cluster: Cluster, pod: str, where: str) -> tuple[str, ...]:
    """What Envoy refuses now, and why, section by section."""
    found: list[str] = []
    for section in SECTIONS:
        dump = attempt(
            section,
            lambda section=section: envoy(
                cluster,
                pod,
                where,
                "/config_dump",
                model=dict[str, Any],
                resource=section,
                mask="name,error_state",
            ),
        )
        if not isinstance(dump, Unread):
            found += refused(dump)
    return tuple(dict.fromkeys(found))


def refused(dump: dict[str, Any]) -> list[str]:
    """`NAME: REASON` of each resource of a dump that Envoy refused."""
    parts = converted(dump.get("configs") or [], list[answers.Rejected], strict=False)
    return [f"{each.name or 'a resource'}: {each.error_state.details}" for each in parts if each.error_state]


def config_dump(cluster: Cluster, pod: str, where: str) -> dict[str, Any]:
    """All of one Envoy's configuration, endpoints included: megabytes in a large mesh, so never of many."""
    return envoy(cluster, pod, where, "/config_dump", model=dict[str, Any], include_eds="")


def clusters(cluster: Cluster, pod: str, where: str) -> dict[str, Any]:
    """The endpoints of one Envoy, with their health."""
    return envoy(cluster, pod, where, "/clusters", model=dict[str, Any], format="json")


def _asked(cluster: Cluster, server: str, path: str, query: dict[str, str], model: Any) -> Any:
    answer = cluster.http(server, path, query=query, deadline=SECONDS)
    if answer.status != 200:
        raise _refusal(answer.status, f"{server}{path}", answer.body)
    return decode(answer.body, decoder_for(model), where=f"{server}{path}")


def _refusal(status: int, where: str, body: bytes) -> Exception:
    said = body[:200].decode(errors="replace").strip()
    if status in (401, 403):
        kind = Unauthorized if status == 401 else Forbidden
        return kind(
            f"It answered {status}: {said}",
            where=where,
            hint="istiod's debug interface asks for a token except of its own pod; use a port-forward"
            if where.startswith("istiod")
            else "give `token` for it in opskit.toml",
        )
    if status == 404:
        return NotInstalled(
            f"It does not know {where}.", where=where, hint="another version may name it otherwise"
        )
    if status >= 500:
        return Unreachable(f"It answered {status}: {said}", sent=True, where=where, hint="look at its log")
    return BadAnswer(f"It answered {status}: {said}", where=where, hint="look at its log")
