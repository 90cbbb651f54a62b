"""Where does this request go? Envoy's own configuration, followed as Envoy follows it. Pure.

Listener → route → cluster → endpoint → certificate, over `/config_dump?include_eds` and `/clusters` of the
client's Envoy. Follows https://www.envoyproxy.io/docs/envoy/latest/intro/life_of_a_request.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from opskit.core.findings import Data
from opskit.systems.istio.envoy_dump import (
    address,
    cluster_configs,
    filters,
    held,
    listeners,
    route_tables,
    takes,
)
from opskit.systems.istio.routing_match import domain_rank, matches

Json = dict[str, Any]


class Request(Data, frozen=True):
    """What a client asks for."""

    host: str
    """As in the Host header, without a port."""
    port: int = 80
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class Hop(Data, frozen=True):
    """One thing that Envoy decides."""

    stage: str
    """`listener`, `route`, `cluster`, `endpoint` or `certificate`."""
    name: str
    detail: str = ""
    share: float = 1.0
    """Of the requests, 0 to 1."""
    ok: bool = True
    """False: here the request ends."""


class Way(Data, frozen=True):
    """Everything that Envoy decides about a request, in its order."""

    request: Request
    hops: tuple[Hop, ...]

    @property
    def broken(self) -> tuple[Hop, ...]:
        """Where requests end, and for what share of them."""
        return tuple(hop for hop in self.hops if not hop.ok)

    @property
    def sentence(self) -> str:
        """The whole way in one sentence."""
        ends = [f"{hop.share:.0%} to {hop.name}" for hop in self.hops if hop.stage == "endpoint" and hop.ok]
        lost = [f"{hop.share:.0%} end at the {hop.stage} {hop.name}: {hop.detail}" for hop in self.broken]
        told = "; ".join([*ends, *lost]) or "nothing answers it"
        return f"{self.request.method} {self.request.host}:{self.request.port}{self.request.path}: {told}"


def route_of(request: Request, dump: Json, clusters: Json) -> Way:
    """Follow a request through one Envoy.

    Args:
        request: what is asked for.
        dump: of `/config_dump?include_eds`.
        clusters: of `/clusters?format=json`.

    """
    return Way(request=request, hops=tuple(_hops(request, dump, clusters)))


def _hops(request: Request, dump: Json, clusters: Json) -> Iterator[Hop]:
    listener = _listener(request, dump)
    if listener is None:
        detail = f"no listener and no catch-all is for port {request.port}"
        yield Hop(stage="listener", name=f"port {request.port}", detail=detail, ok=False)
        return
    yield Hop(stage="listener", name=str(listener.get("name", "")), detail=address(listener))
    table = _route_table(listener, request, dump)
    if table is None:
        yield from _stream(listener, request, dump, clusters)
        return
    host = _virtual_host(request, table)
    if host is None:
        detail = f"no virtual host of {table.get('name', '')} has the domain {request.host}: 404"
        yield Hop(stage="route", name=str(table.get("name", "")), detail=detail, ok=False)
        return
    found = next(
        (
            each
            for each in held(host, "routes")
            if matches(each.get("match") or {}, request.path, request.method, request.headers)
        ),
        None,
    )
    if found is None:
        detail = f"no route of {host.get('name', '')} matches {request.path}: 404"
        yield Hop(stage="route", name=str(host.get("name", "")), detail=detail, ok=False)
        return
    yield Hop(
        stage="route", name=f"{host.get('name', '')} {found.get('name', '')}".strip(), detail=_settings(found)
    )
    yield from _ends(found, dump, clusters)


def _listener(request: Request, dump: Json) -> Json | None:
    """The one for the port with a route for the host; a gateway's; else what catches all."""
    there = [each for each in listeners(dump) if takes(each, request.host, request.port)]
    routed = [
        each
        for each in there
        if (table := _route_table(each, request, dump)) and _virtual_host(request, table)
    ]
    return next(iter([*routed, *there]), None) or next(
        (each for each in listeners(dump) if each.get("name") == "virtualOutbound"), None
    )


def _route_table(listener: Json, request: Request, dump: Json) -> Json | None:
    for each in filters(listener, "http_connection_manager", request.host, request.port):
        if "route_config" in each:
            return each["route_config"]
        name = (each.get("rds") or {}).get("route_config_name", "")
        if name in route_tables(dump):
            return route_tables(dump)[name]
    return None


def _virtual_host(request: Request, table: Json) -> Json | None:
    """The virtual host whose domain fits best: exact before suffix before prefix before `*`."""
    ranked = [
        (rank, each)
        for each in held(table, "virtual_hosts")
        if (rank := domain_rank(each.get("domains") or [], request.host, request.port)) is not None
    ]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _settings(route: Json) -> str:
    action = route.get("route") or {}
    told = [f"time-out {action['timeout']}"] if action.get("timeout") not in (None, "0s") else []
    retries = action.get("retry_policy") or {}
    if retries.get("num_retries"):
        told.append(f"{retries['num_retries']} retries on {retries.get('retry_on', '')}")
    if route.get("redirect"):
        told.append("redirect")
    return ", ".join(told)


def _ends(route: Json, dump: Json, clusters: Json) -> Iterator[Hop]:
    action = route.get("route")
    if action is None:
        answer = route.get("direct_response") or route.get("redirect") or {}
        detail = f"Envoy answers itself: {answer.get('status', 'a redirect')}"
        yield Hop(stage="cluster", name="none", detail=detail, ok=bool(route.get("redirect")))
        return
    weighted = held(action.get("weighted_clusters") or {}, "clusters")
    total = sum(int(each.get("weight") or 0) for each in weighted)
    for each in weighted:
        part = int(each.get("weight") or 0) / total if total else 0.0
        yield from _end(str(each.get("name", "")), part, dump, clusters)
    if not weighted:
        yield from _end(str(action.get("cluster", "")), 1.0, dump, clusters)


def _stream(listener: Json, request: Request, dump: Json, clusters: Json) -> Iterator[Hop]:
    for each in filters(listener, "tcp_proxy", request.host, request.port):
        yield from _end(str(each.get("cluster", "")), 1.0, dump, clusters)
        return
    yield Hop(stage="route", name="none", detail="the listener has neither HTTP nor TCP to pass on", ok=False)


def _end(name: str, share: float, dump: Json, clusters: Json) -> Iterator[Hop]:
    config = cluster_configs(dump).get(name)
    if config is None:
        detail = "the cluster does not exist: 503 NC (no such host or subset)"
        yield Hop(stage="cluster", name=name, detail=detail, share=share, ok=False)
        return
    kind = str(config.get("type") or "")
    yield Hop(stage="cluster", name=name, detail=f"{kind} {config.get('lb_policy', '')}".strip(), share=share)
    if kind == "ORIGINAL_DST":
        yield Hop(stage="endpoint", name="the address that the client dialled", share=share)
        return
    yield from _endpoints(name, share, clusters)
    yield from _certificate(config, share)


def _endpoints(name: str, share: float, clusters: Json) -> Iterator[Hop]:
    status = next((each for each in held(clusters, "cluster_statuses") if each.get("name") == name), {})
    hosts = held(status, "host_statuses")
    good = [each for each in hosts if not _ailing(each)]
    if not good:
        detail = "no healthy endpoint: 503 UH" if hosts else "no endpoint at all: 503 UH"
        yield Hop(stage="endpoint", name=name, detail=detail, share=share, ok=False)
    for each in hosts:
        ailing = _ailing(each)
        part = 0.0 if ailing or not good else share / len(good)
        if not ailing or good:
            yield Hop(
                stage="endpoint", name=_place(each), detail=ailing or "healthy", share=part, ok=not ailing
            )


def _place(host: Json) -> str:
    place = (host.get("address") or {}).get("socket_address") or {}
    return f"{place.get('address', 'a pipe')}:{place.get('port_value', '')}"


def _ailing(host: Json) -> str:
    health: Json = host.get("health_status") or {}
    if health.get("failed_outlier_check"):
        return "ejected as an outlier"
    if health.get("failed_active_health_check"):
        return "failed its health check"
    state = str(health.get("eds_health_status") or "HEALTHY")
    return "" if state in ("HEALTHY", "UNKNOWN") else state.lower()


def _certificate(config: Json, share: float) -> Iterator[Hop]:
    sockets = [each.get("transport_socket") or {} for each in held(config, "transport_socket_matches")]
    for socket in (*sockets, config.get("transport_socket") or {}):
        tls = (socket.get("typed_config") or {}).get("common_tls_context")
        if tls:
            yield Hop(stage="certificate", name=_own_secret(tls), detail=_expected(tls), share=share)
            return
    yield Hop(stage="certificate", name="none", detail="plain text", share=share)


def _own_secret(tls: Json) -> str:
    names = [str(each.get("name", "")) for each in held(tls, "tls_certificate_sds_secret_configs")]
    return ", ".join(names) or "no certificate of its own"


def _expected(tls: Json) -> str:
    names = sorted(set(re.findall(r"spiffe://[^\"'\s\\]+", str(tls))))
    return (
        f"mTLS; the server must be {' or '.join(names)}" if names else "TLS; the server's name is not checked"
    )
