"""Asking a process whether it is ready, as a kubelet's probes do."""

import http.client
import socket
import ssl
from functools import cache
from urllib.parse import SplitResult, urlsplit

_SECONDS = 1.0
_HEADERS = {"User-Agent": "kube-probe/opskit-sandbox"}
"""ACME servers refuse requests without one."""


def answers(probe: str) -> bool:
    """Whether a probe succeeds: the port takes connections, or the URL answers with less than 400.

    Args:
        probe: `tcp://host:port`, or an `http(s)` URL; certificates are not checked, as kubelets don't.

    """
    where = urlsplit(probe)
    try:
        return _connects(where) if where.scheme == "tcp" else _serves(where)
    except (OSError, http.client.HTTPException):
        return False


def _connects(where: SplitResult) -> bool:
    socket.create_connection((where.hostname or "", where.port or 0), _SECONDS).close()
    return True


def _serves(where: SplitResult) -> bool:
    connection = _connection(where)
    try:
        path = where.path + (f"?{where.query}" if where.query else "")
        connection.request("GET", path, headers=_HEADERS)
        return connection.getresponse().status < 400
    finally:
        connection.close()


def _connection(where: SplitResult) -> http.client.HTTPConnection:
    host, port = where.hostname or "", where.port
    if where.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=_unchecked())
    return http.client.HTTPConnection(host, port, timeout=_SECONDS)


@cache
def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
