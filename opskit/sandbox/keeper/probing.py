"""Asking a process whether it is ready, as a kubelet's probes do."""

import socket
from functools import cache
from urllib.parse import urlsplit

import urllib3

_SECONDS = 1.0


def answers(probe: str) -> bool:
    """Whether a probe succeeds: the port takes connections, or the URL answers with less than 400.

    Args:
        probe: `tcp://host:port`, or an `http(s)` URL; certificates are not checked, as kubelets don't.

    """
    return _connects(probe) if probe.startswith("tcp:") else _serves(probe)


def _connects(probe: str) -> bool:
    where = urlsplit(probe)
    try:
        socket.create_connection((where.hostname or "", where.port or 0), _SECONDS).close()
    except OSError:
        return False
    return True


def _serves(probe: str) -> bool:
    try:
        return _pool().request("GET", probe, timeout=_SECONDS).status < 400
    except urllib3.exceptions.HTTPError:
        return False


@cache
def _pool() -> urllib3.PoolManager:
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False)
