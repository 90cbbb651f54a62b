"""Every frame that can be made of Dex' facts. Pure: facts in, frame out."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from opskit.core.aspects import Aspect
from opskit.core.durations import seconds
from opskit.core.heads import Head
from opskit.core.parts import Unread, known
from opskit.systems.dex import sessions as sessions_of
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.kinds import KeySet
from opskit.systems.dex.views_denied import why_denied as why_denied

if TYPE_CHECKING:
    import pandas as pd


def trusts(facts: Facts) -> "pd.DataFrame":
    """Whom each API server trusts.

    Returns:
        node, issuer, audiences, user, groups (str: claim and prefix); same (bool: Dex' own issuer).

    """
    own = "" if isinstance(facts.discovery, Unread) else facts.discovery.issuer
    own = own or ("" if isinstance(facts.config, Unread) else facts.config.issuer)
    rows = [
        (
            each.node,
            each.issuer,
            ", ".join(each.audiences),
            f"{each.username.prefix}{{{each.username.claim}}}",
            f"{each.groups.prefix}{{{each.groups.claim}}}" if each.groups.claim else "",
            each.issuer == own,
        )
        for each in known(facts.trusts, [])
    ]
    return _frame(rows, ("node", "issuer", "audiences", "user", "groups", "same"))


def connectors(facts: Facts) -> "pd.DataFrame":
    """The ways to log in.

    Returns:
        id, type, where, people, groups (str).

    """
    config = None if isinstance(facts.config, Unread) else facts.config
    rows = [
        (
            each.id,
            each.type,
            each.config.host or each.config.sso_url or each.config.tenant,
            each.config.user_search.base if each.config.user_search else "",
            each.config.group_search.base if each.config.group_search else "",
        )
        for each in (config.connectors if config else [])
    ]
    return _frame(rows, ("id", "type", "where", "people", "groups"))


def clients(facts: Facts) -> "pd.DataFrame":
    """Who may ask for tokens; those that were made by gRPC are not known here.

    Returns:
        id, public (bool), redirects (str).

    """
    config = None if isinstance(facts.config, Unread) else facts.config
    rows = [(each.id, each.public, ", ".join(each.redirects)) for each in (config.clients if config else [])]
    return _frame(rows, ("id", "public", "redirects"))


def keys(facts: Facts) -> "pd.DataFrame":
    """The public keys that Dex serves, the one that it signs with first.

    Dex lets the answer be kept until the next rotation, but for two minutes at least: a rotation that is due
    within those, or overdue, is not told. No private key is read for this.

    Returns:
        kid, alg (str), signs (bool), since, until (datetime64[us, UTC]: when the signing key was made and
        will be changed).

    """
    import pandas as pd

    since, until = _life(facts)
    rows = [
        (each.kid, each.alg, not number, None if number else since, None if number else until)
        for number, each in enumerate(known(facts.keys, KeySet()).keys)
    ]
    frame = _frame(rows, ("kid", "alg", "signs", "since", "until"))
    times = {
        each: pd.to_datetime(frame[each], utc=True).astype("datetime64[us, UTC]")
        for each in ("since", "until")
    }
    return frame.assign(**times)


def _life(facts: Facts) -> tuple[datetime | None, datetime | None]:
    """When the signing key was made, and when it ends, by Dex' own clock."""
    head = facts.dex_head
    kept = head.max_age if isinstance(head, Head) else None
    if (
        not isinstance(head, Head)
        or kept is None
        or kept <= KEPT_AT_LEAST
        or isinstance(facts.config, Unread)
    ):
        return None, None
    until = parsedate_to_datetime(head.date) + timedelta(seconds=kept)
    return until - timedelta(seconds=seconds(facts.config.expiry.signing_keys)), until


KEPT_AT_LEAST = 120
"""Seconds that Dex lets its keys be kept, however soon they change."""


def sessions(facts: Facts) -> "pd.DataFrame":
    """Who holds refresh tokens, where Dex keeps them in Kubernetes.

    Returns:
        user, connector, client, created, used (str, as Dex wrote them).

    """
    rows = [
        (each.user, each.connector, token.client, token.created, token.used)
        for each in known(facts.sessions, [])
        for token in (each.refresh or {}).values()
    ]
    return _frame(rows, ("user", "connector", "client", "created", "used"))


def held(facts: Facts, *, user: str, connector: str = "", client: str = "") -> "pd.DataFrame":
    """The refresh tokens of one person, without the tokens: what a revocation takes away.

    Args:
        facts: read before.
        user: the user ID as sessions have it, or the `sub` of a token.
        connector: only through this one; empty is any.
        client: only this client; empty is all.

    Returns:
        user, connector, client (str), created, used, id_tokens_end (datetime64[us, UTC]: when the last ID
        token that was given with it ends).

    """
    import pandas as pd

    found = sessions_of.grants(sessions_of.named(known(facts.sessions, []), user, connector))
    rows = [
        (
            each.user,
            each.connector,
            each.client,
            each.created,
            each.used,
            sessions_of.id_tokens_end(facts.config, [each]),
        )
        for each in found
        if client in ("", each.client)
    ]
    frame = _frame(rows, ("user", "connector", "client", "created", "used", "id_tokens_end"))
    moments = ("created", "used", "id_tokens_end")
    return frame.assign(
        **{each: pd.to_datetime(frame[each], utc=True).astype("datetime64[us, UTC]") for each in moments}
    )


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


COMPARED = (
    Aspect("trust", trusts, ("node", "issuer"), ("audiences", "user", "groups", "same")),
    Aspect("connector", connectors, ("id",), ("type", "where", "people", "groups")),
    Aspect("client", clients, ("id",), ("public", "redirects")),
)
"""What two looks are compared by."""
