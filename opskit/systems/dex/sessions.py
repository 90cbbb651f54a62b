"""Whose refresh tokens Dex keeps in Kubernetes, by the sessions that refer to them. Pure; no token is read.

Dex takes a refresh token only while the session of its user refers to it
(https://dexidp.io/docs/configuration/tokens/): what no session names is worth nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from opskit.core.durations import seconds
from opskit.core.findings import Data
from opskit.core.parts import Unread
from opskit.systems.dex import subject
from opskit.systems.dex.kinds import DexConfig, OfflineSession, RefreshRef


class Grant(Data, frozen=True):
    """A refresh token of a person at one client."""

    session: str
    """Name of the OfflineSessions object."""
    user: str
    """As the connector calls the person: an LDAP `idAttr`, a number at GitHub."""
    connector: str
    client: str
    token: str
    """ID, which is the name of the RefreshToken object; not the token itself."""
    created: datetime | None
    used: datetime | None


def grants(sessions: Iterable[OfflineSession]) -> list[Grant]:
    """Every refresh token that a session refers to."""
    return [
        Grant(
            session=session.name,
            user=session.user,
            connector=session.connector,
            client=client,
            token=reference.id,
            created=_moment(reference.created),
            used=_moment(reference.used),
        )
        for session in sessions
        for client, reference in _references(session)
    ]


def named(sessions: Iterable[OfflineSession], user: str, connector: str = "") -> list[OfflineSession]:
    """The sessions of one person.

    Args:
        sessions: all of them.
        user: the user ID as a session has it, or the `sub` of one of Dex' tokens.
        connector: only through this one; empty is any.

    """
    found = [each for each in sessions if each.user == user and connector in ("", each.connector)]
    meant = subject.decoded(user)
    if found or meant is None or connector not in ("", meant[1]):
        return found
    return [each for each in sessions if (each.user, each.connector) == meant]


def alike(sessions: Iterable[OfflineSession], user: str) -> list[str]:
    """User IDs that a person may have meant who typed another one: a mail address, other letters' case."""
    wanted = {user.casefold(), user.partition("@")[0].casefold()}
    return sorted({each.user for each in sessions if each.user.casefold() in wanted and each.user != user})


def id_tokens_end(config: DexConfig | Unread, found: Iterable[Grant]) -> datetime | None:
    """When the last ID token that was given with these refresh tokens ends; None where it can't be told."""
    moments = [moment for each in found if (moment := each.used or each.created)]
    if not moments or isinstance(config, Unread):
        return None
    return max(moments) + timedelta(seconds=seconds(config.expiry.id_tokens))


def _references(session: OfflineSession) -> Iterator[tuple[str, RefreshRef]]:
    return iter(sorted((session.refresh or {}).items()))


def _moment(text: str) -> datetime | None:
    """What Go writes; its zero time, year 1, stands for never."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.year > 1 else None
