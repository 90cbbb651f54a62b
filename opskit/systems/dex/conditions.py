"""Predicates over Dex' sessions in Kubernetes: what a revocation is guarded and judged by."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound
from opskit.core.wording import count, some
from opskit.systems.dex import kinds

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


@CONDITIONS.named("dex/session-as-reviewed")
def session_as_reviewed(
    cluster: "Cluster", *, namespace: str, session: str, tokens: Mapping[str, str]
) -> Held:
    """The session refers to the very refresh tokens that were reviewed: nobody logged in anew meanwhile."""
    now = _references(cluster, namespace, session)
    if now is None:
        return Held(ok=False, state=f"the session {session} is gone")
    newer = sorted(client for client, token in tokens.items() if now.get(client) != token)
    if newer:
        return Held(ok=False, state=f"another login since then, at {some(newer)}: plan again")
    return Held(ok=True, state=f"it refers to {some(sorted(now)) or 'no client'}")


@CONDITIONS.named("dex/session-forgets")
def session_forgets(
    cluster: "Cluster", *, namespace: str, session: str, tokens: Sequence[str], whole: bool
) -> Held:
    """The session refers to none of these refresh tokens; if the whole of it was to go, it is gone or new."""
    now = _references(cluster, namespace, session)
    if now is None:
        return Held(ok=True, state=f"the session {session} is gone")
    left = set(tokens) & set(now.values())
    if left:
        return Held(ok=False, state=f"the session refers to {some(sorted(left))}")
    if whole and not tokens:
        return Held(ok=False, state="the session is there")
    return Held(ok=True, state=f"the session is there for {some(sorted(now)) or 'no client'}")


@CONDITIONS.named("dex/token-gone")
def token_gone(cluster: "Cluster", *, namespace: str, token: str) -> Held:
    """There is no refresh token of that ID. The token itself is not read."""
    there = _there(cluster, namespace, (token,))
    return Held(ok=not there, state=f"{token} is there" if there else f"{token} is gone")


@CONDITIONS.named("dex/access-revoked")
def access_revoked(
    cluster: "Cluster",
    *,
    namespace: str,
    sessions: Sequence[str],
    client: str,
    tokens_reviewed: Sequence[str],
) -> Held:
    """None of the refresh tokens that were reviewed is there or referred to; newer ones do not count."""
    referred = {
        token
        for session in sessions
        for at, token in (_references(cluster, namespace, session) or {}).items()
        if client in ("", at)
    }
    left = sorted(referred & set(tokens_reviewed) | set(_there(cluster, namespace, tokens_reviewed)))
    newer = len(referred - set(tokens_reviewed))
    state = f"of {count(len(tokens_reviewed), 'refresh token')}, {len(left)} are left"
    if newer:
        state += f"; {count(newer, 'newer one')}: the person has logged in again"
    return Held(ok=not left, state=state)


def _references(cluster: "Cluster", namespace: str, session: str) -> dict[str, str] | None:
    """Client → ID of the refresh token; None where there is no such session."""
    try:
        found = cluster.get(kinds.OFFLINE_SESSION, session, namespace=namespace)
    except NotFound:
        return None
    return {client: reference.id for client, reference in (found.refresh or {}).items()}


def _there(cluster: "Cluster", namespace: str, tokens: Iterable[str]) -> list[str]:
    return [each for each in tokens if _exists(cluster, namespace, each)]


def _exists(cluster: "Cluster", namespace: str, token: str) -> bool:
    try:
        cluster.metadata(kinds.REFRESH_TOKEN, token, namespace=namespace)
    except NotFound:
        return False
    return True
