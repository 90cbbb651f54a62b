"""Official downloads, used only if their SHA-256 is the pinned one."""

import hashlib
import re
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from opskit.core.errors import BadAnswer, Unreachable

_TIMEOUT = urllib3.Timeout(connect=20.0, read=120.0)
"""Of each attempt, in seconds: the second is a silence, not the whole download."""


def download(name: str, url: str, *, sha256: str, hint: str = "try again.") -> bytes:
    """The file at that address.

    Args:
        name: what it is, for messages.
        url: where it is published; HTTPS_PROXY, HTTP_PROXY and NO_PROXY are heeded.
        sha256: what the file must have.
        hint: what to do where the address can't be reached.

    Raises:
        Unreachable: it could not be had, or not whole.
        BadAnswer: it is another file than the pinned one.

    """
    answer = _get(name, url, hint)
    found = hashlib.sha256(answer).hexdigest()
    if found != sha256:
        raise BadAnswer(
            f"The download of {name} has SHA-256 {found}, not the pinned {sha256}.",
            where=url,
            hint="do not use it; find out who changed it, the publisher or somebody on the way.",
        )
    return answer


def _get(name: str, url: str, hint: str) -> bytes:
    try:
        answer = _pool(url).request("GET", url, timeout=_TIMEOUT, retries=3)
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(
            f"The download of {name} failed: {_reason(error)}.", where=url, hint=hint
        ) from error
    if answer.status != 200:
        raise Unreachable(
            f"The download of {name} was answered with {answer.status}.",
            where=url,
            hint=f"check the pin; or {hint}",
        )
    return answer.data


def _pool(url: str) -> urllib3.PoolManager:
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.netloc):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """What went wrong, without the objects that urllib3 writes around it."""
    cause = getattr(error, "reason", None) or error
    text = next((each for each in reversed(cause.args) if isinstance(each, str)), str(cause))
    return re.sub(
        r"^HTTPS?Connection\w*\([^)]*\): (Failed to establish a new connection: \[Errno \d+\] )?", "", text
    )
