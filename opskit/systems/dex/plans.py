"""Revoke a person's access, where Dex keeps its state in Kubernetes.

Does what Dex' own RevokeRefresh does (https://dexidp.io/docs/configuration/api/), in its order: first the
session no longer refers to the refresh token, then the token goes. The other way round the person could not
even log in again: Dex fails a login whose session refers to a token that is gone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from opskit.core.errors import Refused
from opskit.core.kinds import Kind
from opskit.core.parts import Unread, known
from opskit.core.plan import Action, Change, Condition, Delete, Draft, Lock, Patch, Step, Target
from opskit.core.wording import count, some
from opskit.systems.dex import kinds, sessions
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.sessions import Grant

_GRPC = "revoke through Dex' gRPC API (ListRefresh, RevokeRefresh), or move its storage to Kubernetes"


def revoke_access(facts: Facts, *, user: str, connector: str = "", client: str = "") -> Draft:
    """Take a person's refresh tokens and session away, and verify that none of those reviewed is left.

    Args:
        facts: of Dex.
        user: the user ID as sessions have it, or the `sub` of one of Dex' tokens.
        connector: only through this one; empty is the only one that the person uses.
        client: only this client's token; empty is all, and the session with them.

    Raises:
        Refused: sessions could not be read or are not kept in Kubernetes, or it is not clear who is meant.

    """
    listed = known(facts.sessions, [])
    found = sessions.named(listed, user, connector)
    reasons = list(_reasons(facts, user, found))
    if reasons:
        raise Refused(
            f"Revoking the access of {user!r} is refused: {'; '.join(reasons)}.",
            where=f"offlinesessionses.{kinds.DEX} in namespace {facts.namespace}",
            hint="see who holds refresh tokens in `dex/health`",
        )
    held = [each for each in sessions.grants(found) if client in ("", each.client)]
    steps = [step for session in found for step in _steps(facts, session, held, user, client)]
    return Draft(
        title=f"Revoke {count(len(held), 'refresh token')} of {user}" + (f" at {client}" if client else ""),
        steps=tuple(steps),
        goal=(_goal(facts, found, held, user, client),),
        lock=Lock(namespace=facts.namespace, name="opskit-dex-sessions"),
        nothing_to_do="" if steps else _nothing(facts, user, found, client),
    )


def _reasons(facts: Facts, user: str, found: list[kinds.OfflineSession]) -> Iterator[str]:
    if not user.strip():
        yield "no user is named"
    if not known(facts.deployments, []):
        yield "there is no Dex where it was looked for"
    if isinstance(facts.sessions, Unread):
        yield f"sessions could not be listed: {facts.sessions.reason}"
        return
    kept = "" if isinstance(facts.config, Unread) else facts.config.storage.type
    if kept not in ("", "kubernetes"):
        yield f"Dex keeps its sessions in {kept}, not in Kubernetes: {_GRPC}"
    elif not facts.sessions and isinstance(facts.config, Unread):
        yield f"there is no session at all, and where Dex keeps them is not known: {facts.config.reason}"
    meant = [] if found else sessions.alike(facts.sessions, user)
    if meant:
        yield f"nobody is called {user!r}; is it {some(map(repr, meant))}? Give the ID as sessions have it"
    through = sorted({each.connector for each in found})
    if len(through) > 1:
        yield f"{user!r} came through {some(through)}, and may be several persons: name the connector"


def _nothing(facts: Facts, user: str, found: list[kinds.OfflineSession], client: str) -> str:
    others = sorted({each.client for each in sessions.grants(found)})
    if client and others:
        return f"{user} holds no refresh token at {client}, but at {some(others)}."
    people = {each.user for each in sessions.grants(known(facts.sessions, []))}
    return f"{user} holds no refresh token; {count(len(people), 'other person')} in Dex' sessions."


def _goal(
    facts: Facts, found: list[kinds.OfflineSession], held: list[Grant], user: str, client: str
) -> Condition:
    arguments = {
        "namespace": facts.namespace,
        "sessions": [each.name for each in found],
        "client": client,
        "tokens_reviewed": sorted(each.token for each in held),
    }
    text = f"{user} holds no refresh token"
    if held:
        text = f"{count(len(held), 'refresh token')} of {user} gone; {lasting(facts, held)}"
    return Condition(
        name="dex/access-revoked",
        arguments=arguments,
        text=text,
    )


def lasting(facts: Facts, held: list[Grant]) -> str:
    """What of the ID tokens that were given with these refresh tokens can't be revoked."""
    until = sessions.id_tokens_end(facts.config, held)
    if until is None:
        return "ID tokens that were given work until they end; when that is could not be told"
    if until <= facts.now:
        return f"the last ID token that was given with them ended at {_at(until)}"
    return f"ID tokens that were given with them can't be revoked: the last one ends at {_at(until)}"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _steps(
    facts: Facts, session: kinds.OfflineSession, held: list[Grant], user: str, client: str
) -> Iterator[Step]:
    mine = [each for each in held if each.session == session.name]
    if mine or not client:
        yield _forget(facts, session, mine, user, client)
    yield from (_delete(facts, each) for each in mine)


def _forget(facts: Facts, session: kinds.OfflineSession, mine: list[Grant], user: str, client: str) -> Step:
    action: Action = Patch(patch={"refresh": {client: None}}) if client else Delete()
    what = f"Take {client} out of the session" if client else "Delete the session"
    here = {"namespace": facts.namespace, "session": session.name}
    reviewed = {each.client: each.token for each in mine}
    gone = {**here, "tokens": sorted(reviewed.values()), "whole": not client}
    refused = (
        f"Dex refuses the refresh tokens at {some(sorted(reviewed))}" if mine else "nothing is left of it"
    )
    return Step(
        id=f"forget-{session.connector}",
        title=f"{what} of {session.user} through {session.connector}",
        action=action,
        target=_target(facts, kinds.OFFLINE_SESSION, session.name, uid=session.metadata.uid),
        reason=f"From here on {refused}. Whoever may still log in gets new ones: take the person out of the "
        "directory first.",
        precondition=(
            Condition(
                name="dex/session-as-reviewed",
                arguments={**here, "tokens": reviewed},
                text=f"{session.user} has not logged in anew since this was reviewed",
            ),
        ),
        postcondition=(
            Condition(name="dex/session-forgets", arguments=gone, text="the session refers to none of them"),
        ),
        expected=(Change(path="refresh tokens that Dex takes", before=len(mine), after=0),),
        no_undo=f"A session can't be brought back; the person logs in anew. Besides, {lasting(facts, mine)}.",
        deadline_seconds=60,
        risk="medium",
        confirm=user,
    )


def _delete(facts: Facts, grant: Grant) -> Step:
    gone = {"namespace": facts.namespace, "token": grant.token}
    return Step(
        id=f"delete-{grant.connector}-{grant.client}".replace("/", "-"),
        title=f"Delete the refresh token of {grant.user} at {grant.client}",
        action=Delete(),
        target=_target(facts, kinds.REFRESH_TOKEN, grant.token),
        reason="Nothing refers to it any more. Only its name is read, not the token.",
        postcondition=(
            Condition(name="dex/token-gone", arguments=gone, text=f"the token {grant.token} is gone"),
        ),
        no_undo="A refresh token that was deleted can't be brought back; the person logs in anew.",
        deadline_seconds=60,
        risk="medium",
    )


def _target(facts: Facts, kind: Kind[Any], name: str, *, uid: str = "") -> Target:
    return Target(
        kind=kind.kind,
        name=name,
        namespace=facts.namespace,
        group=kind.group,
        version=kind.version,
        plural=kind.plural,
        uid=uid,
    )
