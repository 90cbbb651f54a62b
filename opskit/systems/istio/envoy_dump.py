"""An Envoy's `/config_dump` by its parts, and which filters of a listener take a connection. Pure.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto
"""

from collections.abc import Iterable, Iterator
from typing import Any

from opskit.systems.istio.routing_match import domain_rank

Json = dict[str, Any]
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what Envoy listens on, not this process


def listeners(dump: Json) -> list[Json]:
    """The active listeners of a dump."""
    return [
        active
        for section in _sections(dump, "ListenersConfigDump")
        for each in held(section, "dynamic_listeners")
        if (active := (each.get("active_state") or {}).get("listener"))
    ]


def route_tables(dump: Json) -> dict[str, Json]:
    """Name → route configuration."""
    found = (
        each["route_config"]
        for section in _sections(dump, "RoutesConfigDump")
        for each in [*held(section, "dynamic_route_configs"), *held(section, "static_route_configs")]
        if "route_config" in each
    )
    return {str(each.get("name", "")): each for each in found}


def cluster_configs(dump: Json) -> dict[str, Json]:
    """Name → cluster."""
    found = (
        each["cluster"]
        for section in _sections(dump, "ClustersConfigDump")
        for each in [*held(section, "dynamic_active_clusters"), *held(section, "static_clusters")]
        if "cluster" in each
    )
    return {str(each.get("name", "")): each for each in found}


def address(listener: Json) -> str:
    """Where it listens: `ADDRESS:PORT`."""
    place = (listener.get("address") or {}).get("socket_address") or {}
    return f"{place.get('address', '')}:{place.get('port_value', '')}"


def port(listener: Json) -> int:
    """The port that it listens on; 0 for a pipe."""
    return int(((listener.get("address") or {}).get("socket_address") or {}).get("port_value") or 0)


def takes(listener: Json, host: str, dialled: int) -> bool:
    """Whether a connection to that host and port arrives here: some listen on one service's address alone."""
    bound = address(listener).rpartition(":")[0]
    if port(listener) != dialled:
        return False
    return bound in (*_EVERYWHERE, host) or any(_is_of(each, host) for each in _clusters(listener, host))


def _is_of(cluster: str, host: str) -> bool:
    service = cluster.rpartition("|")[2]
    return service == host or service.startswith(f"{host}.")


def _clusters(listener: Json, host: str) -> Iterator[str]:
    for each in filters(listener, "tcp_proxy", host, port(listener)):
        yield str(each.get("cluster", ""))
        yield from (str(one.get("name", "")) for one in held(each.get("weighted_clusters") or {}, "clusters"))


def filters(listener: Json, kind: str, host: str, dialled: int) -> Iterator[Json]:
    """The filters of a kind in the chains that fit, those first that ask for this very host."""
    chains = sorted(
        (each for each in held(listener, "filter_chains") if _fits(each, host, dialled)),
        key=lambda each: not _names(each),
    )
    for chain in (*chains, listener.get("default_filter_chain") or {}):
        for each in held(chain, "filters"):
            typed = each.get("typed_config") or {}
            if kind in str(typed.get("@type", "")).lower() or kind in str(each.get("name", "")):
                yield typed


def _fits(chain: Json, host: str, dialled: int) -> bool:
    """By port and by the name that TLS asks for; what kind of transport it is the request does not tell."""
    wanted = (chain.get("filter_chain_match") or {}).get("destination_port")
    names = _names(chain)
    return wanted in (None, dialled) and (not names or domain_rank(names, host, dialled) is not None)


def _names(chain: Json) -> list[str]:
    return (chain.get("filter_chain_match") or {}).get("server_names") or []


def _sections(dump: Json, kind: str) -> Iterable[Json]:
    return (each for each in held(dump, "configs") if str(each.get("@type", "")).endswith(kind))


def held(of: Json, name: str) -> list[Json]:
    """A list of a part, never None."""
    return of.get(name) or []
