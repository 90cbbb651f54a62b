"""What an API server's refusals mean: from an HTTP answer to the error tree."""

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.errors import (
    BadAnswer,
    Forbidden,
    ListExpired,
    NotFound,
    NotInstalled,
    OpsError,
    Unauthorized,
    Unreachable,
)
from opskit.core.live_http import Response

RETRIED = frozenset({429, 500, 502, 503, 504})
"""Statuses after which a read is asked again."""


class Details(msgspec.Struct, frozen=True):
    """`Status.details`, as far as it is used."""

    name: str = ""
    kind: str = ""


class Status(msgspec.Struct, frozen=True):
    """The API server's Status object.

    See https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
    """

    kind: str = ""
    reason: str = ""
    message: str = ""
    details: Details | None = None


def status_of(response: Response) -> Status:
    """The answer's Status object, or an empty one."""
    try:
        status = decoder_for(Status).decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Status()
    return status if status.kind == "Status" else Status()


def refusal(response: Response, *, where: str, resource: str = "") -> OpsError:
    """The error for an answer whose status is no success.

    Args:
        response: the answer.
        where: method and URL.
        resource: what was asked for, e.g. `cephclusters.ceph.rook.io`, where it is a resource.

    """
    status = status_of(response)
    said = status.message or _excerpt(response)
    match response.status:
        case 401:
            return Unauthorized(
                f"The credential is missing, wrong or expired: {said}",
                where=where,
                hint="log in again or renew the token of this context",
            )
        case 403:
            return Forbidden(said, where=where, hint="ask for a Role that grants this verb on this resource")
        case 404:
            return _missing(status, resource, said, where)
        case 410:
            return ListExpired(
                f"The list expired while it was read: {said}", where=where, hint="read it again"
            )
        case code if code in RETRIED:
            return Unreachable(
                f"The server answered {code}: {said}",
                sent=True,
                where=where,
                hint="look at the server's health and load",
            )
        case code:
            return BadAnswer(
                f"The server answered {code}: {said}",
                where=where,
                hint="check that the address is the server itself",
            )


def _missing(status: Status, resource: str, said: str, where: str) -> OpsError:
    if status.reason == "NotFound" and status.details and status.details.name:
        return NotFound(said, where=where, hint="list what is there, and check the name and the namespace")
    if resource:
        return NotInstalled(
            f"The cluster does not serve {resource}.",
            where=where,
            hint="install its operator or CRD, if you need it",
        )
    return NotFound(
        f"There is no such path: {said}", where=where, hint="check the path and the server's version"
    )


def require_json(response: Response, *, where: str) -> None:
    """An HTML page with status 200 is a proxy's or a login page, no answer.

    Raises:
        BadAnswer: it is HTML.

    """
    kind = response.headers.get("content-type", "")
    if "html" in kind or response.body[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise BadAnswer(
            f"An HTML page answered instead of the API: {_excerpt(response)}",
            where=where,
            hint="check the address; a proxy or a login page may stand before the server",
        )


def _excerpt(response: Response) -> str:
    text = " ".join(response.body[:300].decode(errors="replace").split())
    return text or f"status {response.status} and no text"
