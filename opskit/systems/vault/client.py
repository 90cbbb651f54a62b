"""The one place that talks to Vault's API: questions only, and refusals in the error tree.

Follows https://developer.hashicorp.com/vault/api-docs and https://openbao.org/api-docs/, which agree on
what is asked here.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, Forbidden, NotFound, NotInstalled, ReadError, Unreachable
from opskit.core.reads import Answer

T = TypeVar("T")

SERVER = "vault"
SECONDS = 8.0


class _Data(msgspec.Struct, Generic[T], frozen=True):
    data: T


class _Keys(msgspec.Struct, frozen=True):
    keys: list[str] = []


class _Errors(msgspec.Struct, frozen=True):
    errors: list[str] = []


def plain(
    cluster: Cluster, path: str, model: type[T], *, server: str, query: Mapping[str, str] | None = None
) -> T:
    """The answer of a path that needs no token, as it stands.

    Raises:
        ReadError: as `data`.

    """
    answer = cluster.http(server, f"/v1/{path}", query=query, deadline=SECONDS)
    return _decoded(_checked(answer, path, server), model, path, server)


def data(
    cluster: Cluster,
    path: str,
    model: type[T],
    *,
    server: str,
    question: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> T:
    """The `data` of an answer.

    Args:
        cluster: whose Vault is asked.
        path: without `/v1/`.
        model: what `data` is decoded into.
        server: which of its servers.
        question: sent by POST.
        query: parameters.

    Raises:
        Forbidden: the token is no good, or its policies lack the path.
        NotFound: there is nothing at the path.
        NotInstalled: this server does not know the path.
        Unreachable: it is sealed, has no leader, or can't serve.
        BadAnswer: it is no Vault that answers.
        DeadlineExceeded, NotInSnapshot.

    """
    answer = cluster.http(server, f"/v1/{path}", query=query, question=question, deadline=SECONDS)
    body = _checked(answer, path, server)
    whole: Any = _Data[model]
    return _decoded(body, whole, path, server).data


def keys(cluster: Cluster, path: str, *, server: str) -> list[str]:
    """What a path lists; an empty list where there is nothing.

    Raises:
        ReadError: as `data`.

    """
    try:
        return data(cluster, f"{path.rstrip('/')}/", _Keys, server=server, query={"list": "true"}).keys
    except NotFound:
        return []


def _decoded(body: bytes, model: type[T], path: str, server: str) -> T:
    try:
        return decoder_for(model).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(
            f"What answers is no Vault, or one of an unknown version: {error}. It begins {body[:40]!r}.",
            where=f"{server} /v1/{path}",
            hint="check the address: `curl URL/v1/sys/seal-status` shows what answers",
        ) from error


def _checked(answer: Answer, path: str, server: str) -> bytes:
    if answer.status < 300:
        return answer.body
    raise _refusal(answer, path, server)


def _refusal(answer: Answer, path: str, server: str) -> ReadError:
    where = f"{server} /v1/{path}"
    try:
        said = "; ".join(" ".join(each.split()) for each in decoder_for(_Errors).decode(answer.body).errors)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return BadAnswer(
            f"What answers is no Vault: status {answer.status}, and it begins {answer.body[:40]!r}.",
            where=where,
            hint="check the address: `curl URL/v1/sys/seal-status` shows what answers",
        )
    match answer.status:
        case 403:
            return Forbidden(
                f"Vault refuses {path}: {said or 'permission denied'}.",
                where=where,
                hint="renew the token, or add this path to a policy of it",
            )
        case 404 if "unsupported path" in said or "no handler" in said:
            return NotInstalled(
                f"This server does not know {path}.", where=where, hint="nothing: not every edition has it"
            )
        case 404:
            return NotFound(f"There is nothing at {path}.", where=where, hint="list what is there")
        case 400 if "missing client token" in said:
            return Forbidden(
                f"Vault refuses {path}: no token was sent.",
                where=where,
                hint="name one in opskit.toml: [clusters.NAME.servers.vault] token = …",
            )
        case 400 | 405 if "unsupported" in said:
            return NotInstalled(
                f"This server does not know {path}.", where=where, hint="nothing: not every edition has it"
            )
        case 503 if "sealed" in said.lower():
            return Unreachable(
                "Vault is sealed.", where=where, hint="unseal that node: `vault operator unseal`"
            )
        case code if code >= 500:
            return Unreachable(
                f"Vault can't serve {path}: {said or f'status {code}'}.",
                where=where,
                hint="read the server's log",
            )
        case code:
            return BadAnswer(
                f"Vault answered {code} for {path}: {said}.", where=where, hint="check the server's version"
            )
