"""What the API server's answer to a write says about the write: done, not done, or no telling.

Follows https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts and
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
"""

import re
from typing import Any

import msgspec

from opskit.core.findings import Data
from opskit.core.live_http import Response
from opskit.core.live_retry import retry_after
from opskit.core.plan import Json


class Accepted(Data, frozen=True):
    """The server did it."""

    object: Json


class Declined(Data, frozen=True):
    """The server answered that it did not do it."""

    status: int
    reason: str
    message: str
    stale: bool = False
    """The object changed since it was read: read it again, and look whether the write still fits."""
    later: bool = False
    """Not now: throttled, or a PodDisruptionBudget does not allow it yet."""
    after: float = 0.0
    """Seconds that the server asks to wait."""
    managers: tuple[str, ...] = ()
    """Field managers that own fields which the write would take."""
    owned: tuple[str, ...] = ()
    """Those fields, in the server's notation."""


class Silent(Data, frozen=True):
    """No answer that tells whether it was done."""

    text: str
    sent: bool | None = None
    """False: it can't have reached the server."""


Answered = Accepted | Declined | Silent


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    causes: list[_Cause] | None = None
    retry_after_seconds: float = 0.0


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_CONFLICT_WITH = re.compile(r'conflict with "([^"]+)"')
_SUCCESS = frozenset({200, 201, 202})
_UNTOLD = frozenset({408, 500, 502, 503, 504})
"""A proxy in between, or the server's own time-out: the write may have been done all the same."""


def meaning(response: Response) -> Answered:
    """What an answer to a write says about the write."""
    if response.status in _SUCCESS:
        return _accepted(response)
    status = _decoded(response.body)
    said = status.message or " ".join(response.body[:300].decode(errors="replace").split())
    if response.status in _UNTOLD:
        return Silent(text=f"the server answered {response.status}: {said}", sent=True)
    causes = (status.details.causes if status.details else None) or []
    owned = [each for each in causes if each.reason == "FieldManagerConflict"]
    return Declined(
        status=response.status,
        reason=status.reason or str(response.status),
        message=said,
        stale=_stale(response.status, status.reason, owned=bool(owned)),
        later=response.status == 429,
        after=max(retry_after(response.headers), status.details.retry_after_seconds if status.details else 0),
        managers=tuple(sorted({name for each in owned for name in _CONFLICT_WITH.findall(each.message)})),
        owned=tuple(each.field for each in owned),
    )


def called(response: Response) -> Answered:
    """What another server's answer says. Its body may hold secrets: it is not kept."""
    if response.status < 300:
        return Accepted(object={})
    if response.status in _UNTOLD:
        return Silent(text=f"the server answered {response.status}", sent=True)
    return Declined(
        status=response.status,
        reason=f"status {response.status}",
        message=" ".join(response.body[:300].decode(errors="replace").split()),
        later=response.status == 429,
        after=retry_after(response.headers),
    )


def _stale(code: int, reason: str, *, owned: bool) -> bool:
    return code == 410 or (code == 409 and reason in {"Conflict", "AlreadyExists"} and not owned)


def _accepted(response: Response) -> Answered:
    try:
        whole: Any = msgspec.json.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        whole = None
    if isinstance(whole, dict):
        return Accepted(object=whole)
    return Silent(text=f"the answer {response.status} can't be read: {response.body[:60]!r}", sent=True)


def _decoded(body: bytes) -> _Status:
    try:
        status = msgspec.json.decode(body, type=_Status)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Status()
    return status if status.kind == "Status" else _Status()
