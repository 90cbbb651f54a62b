"""Websockets to the API server: what exec and port-forward run over."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from opskit.core.errors import OpsError, Unreachable
from opskit.core.live_api import ApiServer
from opskit.core.live_faults import refusal
from opskit.core.live_http import Response, broken


def connect(
    api: ApiServer, path: str, query: Sequence[tuple[str, str]], *, protocols: Sequence[str], timeout: float
) -> Any:
    """Open a websocket.

    Args:
        api: the API server.
        path: e.g. `/api/v1/namespaces/x/pods/y/exec`.
        query: parameters, in order, names may repeat.
        protocols: subprotocols, the preferred one first.
        timeout: seconds for connection and handshake, and later for each frame.

    Returns:
        A connected `websocket.WebSocket`.

    Raises:
        ReadError: the server is not reached, or it refuses (401, 403, 404, …).

    """
    try:
        return _open(api, path, query, protocols, timeout)
    except _Refused as refused:
        if refused.response.status != 401:
            raise _error(api, path, refused.response) from None
    api.renew()
    try:
        return _open(api, path, query, protocols, timeout)
    except _Refused as refused:
        raise _error(api, path, refused.response) from None


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def _open(
    api: ApiServer, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str], timeout: float
) -> Any:
    import websocket

    url = f"{api.address}{quote(path)}?{urlencode(query)}"
    socket = websocket.WebSocket(sslopt=_tls(api.configuration), skip_utf8_validation=True)
    try:
        socket.connect(
            "ws" + url.removeprefix("http"),
            header=[f"{name}: {value}" for name, value in api.authorization().items()],
            subprotocols=list(protocols),
            suppress_origin=True,
            timeout=timeout,
            **_proxy(api.configuration),
        )
    except websocket.WebSocketBadStatusException as error:
        headers = {str(k).lower(): str(v) for k, v in (error.resp_headers or {}).items()}
        body = error.resp_body if isinstance(error.resp_body, bytes) else b""
        raise _Refused(Response(error.status_code, headers, body)) from None
    except (websocket.WebSocketException, OSError) as error:
        raise _unreachable(error, f"{api.address}{path}", timeout) from error
    return socket


def _unreachable(error: Exception, where: str, timeout: float) -> OpsError:
    import websocket

    if isinstance(error, websocket.WebSocketTimeoutException):
        return broken(TimeoutError(str(error)), where=where, timeout=timeout)
    if isinstance(error, websocket.WebSocketAddressException):
        return broken(
            ConnectionError(f"the server's name does not resolve ({error})"), where=where, timeout=timeout
        )
    return broken(error, where=where, timeout=timeout)


def _error(api: ApiServer, path: str, response: Response) -> OpsError:
    error = refusal(response, where=f"GET {api.address}{path}")
    if isinstance(error, Unreachable):
        # Nothing begins in the pod before the handshake is through.
        error.sent = False
    return error


def _tls(configuration: Any) -> dict[str, Any]:
    import ssl

    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    options: dict[str, Any] = {"context": context}
    if configuration.tls_server_name:
        options["server_hostname"] = configuration.tls_server_name
    return options


def _proxy(configuration: Any) -> dict[str, Any]:
    if not configuration.proxy:
        return {}
    parts = urlsplit(configuration.proxy)
    options: dict[str, Any] = {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or 80,
        "proxy_type": parts.scheme or "http",
        "http_no_proxy": (configuration.no_proxy or "").split(",") if configuration.no_proxy else None,
    }
    if parts.username:
        options["http_proxy_auth"] = (parts.username, parts.password or "")
    return options
