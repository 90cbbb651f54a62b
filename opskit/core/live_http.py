"""One HTTP request to one server: every failure becomes an error that says where and what next."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from opskit.core.errors import BadAnswer, DeadlineExceeded, OpsError, Unreachable, Untrusted

CHUNK = 1 << 16
LARGEST = 256 << 20
"""Bytes after which an answer is refused: no page, tool or metric answer is that large."""


class Response(NamedTuple):
    """An HTTP answer of any status."""

    status: int
    headers: Mapping[str, str]
    """Names are lower-case."""
    body: bytes


def exchange(
    pool: Any,
    method: str,
    url: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float,
) -> Response:
    """Send one request and read the whole answer.

    Args:
        pool: a `urllib3.PoolManager`.
        method: HTTP method.
        url: without query.
        query: parameters of the query.
        headers: request headers.
        body: the request's body.
        timeout: seconds for everything: connection, request, the last byte of the answer.

    Raises:
        Unreachable: no connection (`sent` False), or it broke (`sent` True or None).
        DeadlineExceeded: no answer in time; `sent` as above.
        BadAnswer: the answer breaks HTTP or is too large.

    """
    import urllib3

    until = time.monotonic() + timeout
    full = f"{url}?{urlencode(query)}" if query else url
    where = f"{method} {url}"
    try:
        answer = pool.request(
            method,
            full,
            body=body,
            headers=dict(headers or {}),
            timeout=urllib3.Timeout(total=timeout),
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise broken(error, where=where, timeout=timeout) from error
    try:
        content = _content(answer, until, where, timeout)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        answer.close()
        raise broken(error, where=where, timeout=timeout, answering=True) from error
    return Response(answer.status, {k.lower(): v for k, v in answer.headers.items()}, content)


def _content(answer: Any, until: float, where: str, timeout: float) -> bytes:
    """The body. A server that drips bytes is held to the deadline as a whole."""
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until or size > LARGEST:
            answer.close()
            raise _too_slow(where, timeout, size) if size <= LARGEST else _too_large(where)
    answer.release_conn()
    return b"".join(parts)


def _too_slow(where: str, timeout: float, size: int) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"The answer was not complete after {round(timeout, 1):g} s; {size} bytes had come.",
        sent=True,
        where=where,
        hint="try again; if it stays slow, look at the server's load",
    )


def _too_large(where: str) -> BadAnswer:
    return BadAnswer(
        f"The answer is larger than {LARGEST >> 20} MiB.",
        where=where,
        hint="ask for less: a namespace, a selector",
    )


def broken(error: Exception, *, where: str, timeout: float, answering: bool = False) -> OpsError:
    """Our error for one of the HTTP library's or the operating system's.

    Args:
        error: what was raised.
        where: method and URL.
        timeout: seconds that were allowed.
        answering: the status line had come already.

    """
    import urllib3.exceptions as u

    # The library's "new connection failed" counts as one of its time-outs, which it need not be.
    timed_out = isinstance(error, u.TimeoutError | TimeoutError) and not isinstance(
        error, u.NewConnectionError
    )
    if timed_out and isinstance(error, u.ConnectTimeoutError):
        return DeadlineExceeded(
            f"No connection within {round(timeout, 1):g} s.", sent=False, where=where, hint=_REACH
        )
    if timed_out:
        return DeadlineExceeded(
            f"No answer within {round(timeout, 1):g} s.",
            sent=True,
            where=where,
            hint="try again; look at the server's load",
        )
    untrusted = _untrusted(error, where)
    if untrusted:
        return untrusted
    sent, what, hint = _told(error, answering=answering)
    return Unreachable(what, sent=sent, where=where, hint=hint)


_REACH = "check the address, the route (VPN, firewall) and whether the server runs"


def _told(error: Exception, *, answering: bool) -> tuple[bool | None, str, str]:
    import ssl

    import urllib3.exceptions as u

    root = root_cause(error)
    if isinstance(error, u.ProxyError):
        return (
            False,
            f"The proxy does not let us through: {root}.",
            "check proxy-url, HTTPS_PROXY and NO_PROXY",
        )
    if isinstance(error, u.NameResolutionError):
        return False, f"The server's name does not resolve: {root}.", "check the name, DNS and the VPN"
    if isinstance(root, ssl.SSLError):
        sent = None if not answering else True
        return (
            sent,
            f"TLS failed: {root}.",
            "check that the address speaks TLS and wants no other client certificate",
        )
    if isinstance(root, ConnectionRefusedError):
        return (
            False,
            "The connection was refused: nothing listens there.",
            "start the server, or mend the address",
        )
    if isinstance(error, u.NewConnectionError):
        return False, f"No connection: {root}.", _REACH
    if isinstance(error, u.LocationValueError | u.LocationParseError):
        return False, f"The address can't be used: {error}.", "write it as https://host:port"
    kind = "while it was answering" if answering else "before an answer came"
    return (
        True,
        f"The connection broke {kind}: {root}.",
        "try again; look at the server and what stands before it",
    )


def _untrusted(error: Exception, where: str) -> Untrusted | None:
    import ssl

    root = root_cause(error)
    if not isinstance(root, ssl.SSLCertVerificationError):
        return None
    what = f"The server's certificate is not trusted: {root.verify_message}."
    return Untrusted(what, sent=False, where=where, hint=_TRUST)


_TRUST = (
    "give the right CA (certificate-authority in the kubeconfig, `ca` in opskit.toml) or mend the certificate"
)


def root_cause(error: BaseException) -> BaseException:
    """The innermost exception that explains this one."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = [
            each
            for each in (*error.args, error.__cause__, getattr(error, "reason", None))
            if isinstance(each, BaseException)
        ]
        if inner:
            error = inner[0]
        elif isinstance(error.__context__, OSError):
            error = error.__context__
    return error
