"""A sick way to the API server: a real Envoy before it, whose fault filters answer in its stead or late.

https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from opskit.sandbox.kube import Json

STATUSES = (429, 500, 503)
_TYPE = "type.googleapis.com/envoy.extensions."


def envoy(
    *,
    listen: int,
    admin: int,
    server: str,
    pki: Path,
    per_cent: int,
    late_ms: int,
    statuses: Sequence[int] = STATUSES,
    downstream: Json | None = None,
) -> Json:
    """Envoy's configuration.

    Args:
        listen: the port on the loopback that clients ask.
        admin: the port of its own admin interface.
        server: the API server's URL.
        pki: a folder with `ca.crt`, `admin.crt` and `admin.key`: every request goes on as the admin's.
        per_cent: how many requests get each of the statuses, and how many are late.
        late_ms: how late, milliseconds.
        statuses: of the answers in the API server's stead.
        downstream: how clients are met with TLS, a transport socket; without it, in plain text.

    """
    everything = {"match": {"prefix": "/"}, "route": {"cluster": "api", "timeout": "0s"}}
    manager = {
        "@type": _TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "api",
        "route_config": {"virtual_hosts": [{"name": "api", "domains": ["*"], "routes": [everything]}]},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "http_filters": [*_faults(per_cent, late_ms, statuses), _router()],
    }
    chain: Json = {"filters": [{"name": "http", "typed_config": manager}]}
    if downstream is not None:
        chain["transport_socket"] = downstream
    listener = {"name": "api", "address": _address(listen), "filter_chains": [chain]}
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {"listeners": [listener], "clusters": [_upstream(server, pki)]},
    }


def only_for(certificate_hash: str, pki: Path) -> Json:
    """TLS as the API server speaks it, for the holder of one certificate alone.

    Args:
        certificate_hash: SHA-256 of the client's certificate, hexadecimal.
        pki: a folder with `ca.crt`, `server.crt` and `server.key`.

    """
    wanted = {"trusted_ca": _file(pki / "ca.crt"), "verify_certificate_hash": [certificate_hash]}
    own = {"certificate_chain": _file(pki / "server.crt"), "private_key": _file(pki / "server.key")}
    return _socket(
        "Downstream",
        {"tls_certificates": [own], "validation_context": wanted},
        require_client_certificate=True,
    )


def _upstream(server: str, pki: Path) -> Json:
    place = urlsplit(server)
    own = {"certificate_chain": _file(pki / "admin.crt"), "private_key": _file(pki / "admin.key")}
    context = {"tls_certificates": [own], "validation_context": {"trusted_ca": _file(pki / "ca.crt")}}
    endpoint = {"endpoint": {"address": _address(place.port or 443, str(place.hostname))}}
    return {
        "name": "api",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": "api", "endpoints": [{"lb_endpoints": [endpoint]}]},
        "transport_socket": _socket("Upstream", context),
    }


def _socket(side: str, common: Json, **more: Any) -> Json:
    kind = f"{_TYPE}transport_sockets.tls.v3.{side}TlsContext"
    return {"name": "tls", "typed_config": {"@type": kind, "common_tls_context": common, **more}}


def _faults(per_cent: int, late_ms: int, statuses: Sequence[int]) -> list[Json]:
    share = {"numerator": per_cent, "denominator": "HUNDRED"}
    aborts = [_fault(str(each), abort={"http_status": each, "percentage": share}) for each in statuses]
    late = {"fixed_delay": f"{late_ms / 1000}s", "percentage": share}
    return [*aborts, *([_fault("late", delay=late)] if late_ms else [])]


def _fault(name: str, **fault: Any) -> Json:
    return {"name": name, "typed_config": {"@type": _TYPE + "filters.http.fault.v3.HTTPFault", **fault}}


def _router() -> Json:
    return {"name": "router", "typed_config": {"@type": _TYPE + "filters.http.router.v3.Router"}}


def _address(port: int, host: str = "127.0.0.1") -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _file(path: Path) -> Json:
    return {"filename": str(path)}
