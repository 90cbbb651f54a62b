"""Servers around a cluster: by URL, or through port-forwards that are opened when first needed."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opskit.core.answers import decode, decoder_for
from opskit.core.config import Server
from opskit.core.discovery import Located, locate, parse_pod, parse_service
from opskit.core.errors import (
    BadAnswer,
    ConfigError,
    DeadlineExceeded,
    Forbidden,
    NotInstalled,
    NotLocated,
    OpsError,
    Unauthorized,
    Unreachable,
)
from opskit.core.kinds import resource_path
from opskit.core.kinds_core import Service
from opskit.core.kinds_workloads import Pod
from opskit.core.live_api import ApiServer
from opskit.core.live_forward import Forward
from opskit.core.live_http import Response, exchange
from opskit.core.live_retry import Budget, retried
from opskit.core.secrets import resolve

T = TypeVar("T")

AT_ONCE = 6
"""Connections to one server that are kept: as many as the reads of a system that run at once."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers now.

    Attributes:
        url: its base, without a slash at the end.
        pool: the connections to it.
        forward: the port-forward it is reached through, if there is one.

    """

    url: str
    pool: Any
    forward: Forward | None = None


class Servers:
    """Endpoints of the servers around one cluster.

    Args:
        api: its API server.
        named: what `opskit.toml` says of them.

    """

    def __init__(self, api: ApiServer, named: Mapping[str, Server]) -> None:
        self._api = api
        self._named = dict(named)
        self._endpoints: dict[str, Endpoint] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """End all port-forwards and connections."""
        with self._lock:
            for endpoint in self._endpoints.values():
                _close(endpoint)
            self._endpoints.clear()

    def request(
        self,
        server: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        deadline: float,
    ) -> Response:
        """One request, once; an answer of any status comes back.

        Raises:
            NotInstalled: the server is neither named nor found.
            Unreachable, DeadlineExceeded: no answer; with `sent`.

        """
        until = time.monotonic() + deadline
        endpoint = self.endpoint(server, deadline=deadline)
        headers = self._headers(server) | ({"Content-Type": content_type} if body is not None else {})
        left = max(0.05, until - time.monotonic())
        try:
            return exchange(
                endpoint.pool,
                method,
                endpoint.url + path,
                query=query,
                headers=headers,
                body=body,
                timeout=left,
            )
        except Unreachable as error:
            self._forget(server)
            raise _through(error, endpoint, server) from error

    def read(
        self,
        server: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float,
    ) -> Response:
        """GET, or POST with a body that only asks; asked again within the budget when no answer comes."""
        method = "GET" if body is None else "POST"
        return retried(
            lambda timeout: self.request(server, method, path, query=query, body=body, deadline=timeout),
            deadline=deadline,
            budget=self._api.budget,
        )

    def endpoint(self, server: str, *, deadline: float) -> Endpoint:
        """Where the server answers; a port-forward is opened if it takes one.

        For clients that bring their own protocol (LDAP, Vault's), too.
        """
        with self._lock:
            if server not in self._endpoints:
                self._endpoints[server] = self._make(server, deadline)
            return self._endpoints[server]

    def named(self, server: str) -> Server:
        """What `opskit.toml` says of it; of a pod of a server, what it says of that server."""
        return self._named.get(server) or self._named.get(server.partition("@")[0], Server())

    @property
    def budget(self) -> Budget:
        """The retries that are left for reads of this cluster."""
        return self._api.budget

    def _forget(self, server: str) -> None:
        """The next request looks for the pod anew."""
        with self._lock:
            endpoint = self._endpoints.pop(server, None)
        if endpoint:
            _close(endpoint)

    def _headers(self, server: str) -> dict[str, str]:
        import urllib3

        named = self.named(server)
        headers = {"User-Agent": "opskit"}
        if named.token:
            headers["Authorization"] = f"Bearer {resolve(named.token).reveal()}"
        elif named.user and named.password:
            login = f"{named.user}:{resolve(named.password).reveal()}"
            headers |= urllib3.make_headers(basic_auth=login)
        return headers

    def _make(self, server: str, deadline: float) -> Endpoint:
        named = self.named(server)
        _, at, place = server.partition("@")
        if at and "/" in place.partition("://")[2]:
            return self._to_pod(place, named)
        if at:
            return Endpoint(place, _pool(named))
        if named.url:
            return Endpoint(named.url.rstrip("/"), _pool(named))
        found = parse_service(named.service) if named.service else locate(server, self._services(deadline))
        pod, port = self._pod(found, deadline)
        forward = Forward(self._api, namespace=found.namespace, pod=pod, port=port)
        name = named.tls_name or f"{found.service}.{found.namespace}.svc"
        return _through_forward(forward, named, name if found.tls or named.ca else "")

    def _to_pod(self, place: str, named: Server) -> Endpoint:
        pod = parse_pod(place)
        forward = Forward(self._api, namespace=pod.namespace, pod=pod.service, port=pod.port)
        return _through_forward(forward, named, (named.tls_name or pod.service) if pod.tls else "")

    def _services(self, deadline: float) -> list[Service]:
        return self._read("/api/v1/services", _Services, deadline=deadline, resource="services").items

    def _read(self, path: str, model: type[T], *, deadline: float, resource: str, **query: str) -> T:
        try:
            answer = self._api.read(path, query=query, deadline=deadline, resource=resource)
            return decode(answer.body, decoder_for(model), where=f"GET {self._api.address}{path}")
        except (Unreachable, DeadlineExceeded, Unauthorized, Forbidden, BadAnswer) as error:
            raise NotLocated(
                f"Where a server runs can't be looked up in the cluster: {error.what}",
                where=error.where,
                hint=f"{error.hint}; or name the server's url in opskit.toml",
            ) from error

    def _pod(self, place: Located, deadline: float) -> tuple[str, int]:
        """A Ready pod behind the service, and the port that the service leads to."""
        path = resource_path("", "v1", "services", namespace=place.namespace, name=place.service)
        service = self._read(path, Service, deadline=deadline, resource="services")
        chosen = ",".join(f"{key}={value}" for key, value in (service.spec.selector or {}).items())
        if not chosen:
            raise NotInstalled(
                f"The service {place.namespace}/{place.service} selects no pods.",
                where=self._api.address,
                hint="name the server by its url in opskit.toml",
            )
        path = resource_path("", "v1", "pods", namespace=place.namespace)
        pods = self._read(path, _Pods, deadline=deadline, resource="pods", labelSelector=chosen)
        for pod in pods.items:
            if pod.ready:
                return pod.name, _target(service, pod, place.port)
        raise Unreachable(
            f"No pod behind the service {place.namespace}/{place.service} is Ready.",
            sent=False,
            where=self._api.address,
            hint=f"see `kubectl -n {place.namespace} get pods -l {chosen}`",
        )


class _Services(msgspec.Struct, frozen=True):
    items: list[Service] = []


class _Pods(msgspec.Struct, frozen=True):
    items: list[Pod] = []


def _target(service: Service, pod: Pod, port: int) -> int:
    target = next((each.target_port for each in service.spec.ports or [] if each.port == port), None)
    if isinstance(target, int) and target:
        return target
    for container in pod.spec.containers or []:
        for each in container.ports or []:
            if target and each.name == target:
                return each.container_port
    return port


def _through_forward(forward: Forward, named: Server, tls_name: str) -> Endpoint:
    host, local = forward.address
    scheme = "https" if tls_name else "http"
    return Endpoint(f"{scheme}://{host}:{local}", _pool(named, tls_name), forward)


def _pool(named: Server, tls_name: str = "") -> Any:
    """Connections that trust the given CA; through a port-forward the service's name is checked."""
    import urllib3

    ca = str(Path(named.ca).expanduser()) if named.ca else None
    if ca and not Path(ca).is_file():
        raise ConfigError("The CA file does not exist.", where=ca, hint="mend `ca` in opskit.toml")
    names: dict[str, Any] = {"server_hostname": tls_name, "assert_hostname": tls_name} if tls_name else {}
    return urllib3.PoolManager(maxsize=AT_ONCE, cert_reqs="CERT_REQUIRED", ca_certs=ca, **names)


def _close(endpoint: Endpoint) -> None:
    endpoint.pool.clear()
    if endpoint.forward:
        endpoint.forward.close()


def _through(error: Unreachable, endpoint: Endpoint, server: str) -> OpsError:
    """What the port-forward knows explains more than the connection that it broke."""
    told = endpoint.forward.error if endpoint.forward else ""
    if not told:
        return error
    what = told.what if isinstance(told, OpsError) else told
    return Unreachable(
        f"The port-forward to {server} does not work: {what}",
        sent=error.sent,
        where=error.where,
        hint="look at that pod and at the right to pods/portforward",
    )
