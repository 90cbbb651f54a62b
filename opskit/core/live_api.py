"""The API server of a live cluster: one pool of connections, one place that talks to it."""

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from opskit.core.errors import NotInstalled, OpsError
from opskit.core.live_config import Plain, Source
from opskit.core.live_faults import RETRIED, refusal
from opskit.core.live_http import Response, exchange
from opskit.core.live_retry import Again, Budget, retried, retry_after
from opskit.core.live_versions import Versions

DEADLINE = 30.0
DISCOVERY = 5.0
"""Seconds to find out why a resource is not served."""
EVERYTHING = "application/json, */*"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Asks for an object's metadata alone, see
https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches."""


class ApiServer:
    """Requests to one API server with one credential, which is read anew when it is refused.

    Args:
        source: where address and credential come from.

    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.budget = Budget()
        self.versions = Versions(lambda path: self.request("GET", path, deadline=DISCOVERY, retry=True))
        self._lock = threading.Lock()
        self._configuration: Any = None
        self._pool: Any = None
        self._load()

    @classmethod
    def plain(cls, address: str) -> "ApiServer":
        """A server that asks for no credential, e.g. `kubectl proxy`."""
        return cls(Plain(address))

    @property
    def address(self) -> str:
        """`https://host:port`."""
        return str(self._configuration.host).rstrip("/")

    @property
    def configuration(self) -> Any:
        """The official client's configuration, for what builds its own connections."""
        return self._configuration

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        deadline: float = DEADLINE,
        retry: bool = False,
        accept: str = EVERYTHING,
    ) -> Response:
        """One request; the answer of whatever status comes back as it is.

        Args:
            method: HTTP method.
            path: path of the API server, unquoted.
            body: the request's body.
            query: parameters of the query.
            content_type: of the body.
            deadline: seconds for everything.
            retry: ask again, within the budget, after 429, 5xx and broken connections. Only for reads.
            accept: what the answer may be: `EVERYTHING`, or `METADATA`.

        Raises:
            Unreachable, DeadlineExceeded: no answer; `sent` tells whether the server can have got it.
            BadAnswer: the answer breaks HTTP.
            ConfigError, Unauthorized: the credential can't be loaded.

        """

        def attempt(timeout: float) -> Response:
            return self._once(method, path, body, query, content_type, accept, timeout)

        if not retry:
            return attempt(deadline)
        return retried(
            lambda timeout: _or_again(attempt(timeout), f"{method} {self.address}{path}"),
            deadline=deadline,
            budget=self.budget,
        )

    def read(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
        resource: str = "",
        accept: str = EVERYTHING,
    ) -> Response:
        """GET with retries; anything but success raises.

        Args:
            path: path of the API server, unquoted.
            query: parameters of the query.
            deadline: seconds for all tries.
            resource: the resource's name for messages, e.g. `pods` or `cephclusters.ceph.rook.io`.
            accept: what the answer may be.

        Raises:
            ReadError: one of its children, as `live_faults.refusal` tells.

        """
        response = self.request("GET", path, query=query, deadline=deadline, retry=True, accept=accept)
        if response.status != 200:
            where = f"GET {self.address}{path}"
            error = refusal(response, where=where, resource=resource)
            if isinstance(error, NotInstalled):
                error = self.versions.error(path, resource, where=where) or error
            raise error
        return response

    def authorization(self) -> dict[str, str]:
        """The header that carries the credential; empty where a client certificate does."""
        found: dict[str, str] = {}
        for setting in self._configuration.auth_settings().values():
            if setting["in"] == "header" and setting["value"]:
                found[setting["key"]] = setting["value"]
        return found

    def renew(self) -> None:
        """Read the credential anew: files are read and plug-ins run again."""
        with self._lock:
            old = self._pool
            self._load()
            old.clear()

    def _load(self) -> None:
        import urllib3
        from kubernetes.client.rest import RESTClientObject

        configuration = self.source.load()
        if not configuration.verify_ssl:
            # The kubeconfig's own choice; a warning for each request would only hide others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = RESTClientObject(configuration).pool_manager
        self._configuration = configuration

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        query: Mapping[str, str] | None,
        content_type: str,
        accept: str,
        timeout: float,
    ) -> Response:
        response = self._send(method, path, body, query, content_type, accept, timeout)
        if response.status != 401:
            return response
        # A refused credential did nothing, so that even a write may be sent again with a new one.
        self.renew()
        return self._send(method, path, body, query, content_type, accept, timeout)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        query: Mapping[str, str] | None,
        content_type: str,
        accept: str,
        timeout: float,
    ) -> Response:
        headers = {"Accept": accept, "User-Agent": "opskit", **self.authorization()}
        if body is not None:
            headers["Content-Type"] = content_type
        url = self.address + quote(path, safe="/:@!$&'()*+,;=~-._")
        return exchange(self._pool, method, url, query=query, headers=headers, body=body, timeout=timeout)


def _or_again(response: Response, where: str) -> Response:
    if response.status in RETRIED:
        error: OpsError = refusal(response, where=where)
        raise Again(error, after=retry_after(response.headers))
    return response
