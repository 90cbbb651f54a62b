"""Every frame that can be made of Dex' facts. Pure: facts in, frame out."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from opskit.core.aspects import Aspect
from opskit.core.durations import seconds
from opskit.core.heads import Head
from opskit.core.parts import Unread, known
from opskit.systems.dex import logs
from opskit.systems.dex import sessions as sessions_of
from opskit.systems.dex.facts import Facts, Trust
from opskit.systems.dex.kinds import KeySet
from opskit.systems.dex.rights import Question, granting, near_misses

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


def why_denied(
    facts: Facts,
    *,
    user: str,
    groups: str,
    verb: str,
    resource: str,
    api_group: str = "",
    namespace: str = "",
) -> "pd.DataFrame":
    """Why somebody can't log in or do something, step by step; the first `no` is the cause.

    Args:
        facts: read before.
        user: the value of the claim that names the user, e.g. the mail address.
        groups: of the directory, separated by commas; empty: those of the newest login in Dex' log.
        verb: e.g. `get`.
        resource: e.g. `pods`.
        api_group: e.g. `apps`; empty is the core group.
        namespace: empty: everywhere.

    Returns:
        step, answer (`yes`, `no`, `unknown`), what (str).

    """
    logged = _newest_login(facts, user)
    given = [each.strip() for each in groups.split(",") if each.strip()] or (logged or [])
    rows: list[tuple[str, str, str]] = [_runs(facts), _log(facts, user, logged), _believed(facts)]
    trust = next((each for each in known(facts.trusts, []) if _same(facts, each)), None)
    name, names = _mapped(trust, user, given)
    rows.append(
        ("user and groups", "yes" if trust else "unknown", f"{name}; {', '.join(names) or 'no group'}")
    )
    question = Question(verb=verb, resource=resource, group=api_group, namespace=namespace)
    rows.append(_allowed(facts, name, names, question))
    return _frame(rows, ("step", "answer", "what"))


def _runs(facts: Facts) -> tuple[str, str, str]:
    ready = sum(each.status.ready_replicas or 0 for each in known(facts.deployments, []))
    return ("Dex runs", "yes" if ready else "no", f"{ready} ready pods in namespace {facts.namespace}")


def _newest_login(facts: Facts, user: str) -> list[str] | None:
    """The groups of the person's newest login; None where the log has none."""
    found = [
        each
        for each in logs.every(known(facts.log, ""), r"login successful[^\n]*")
        if re.search(rf'email=\\?"{re.escape(user)}\\?"', each[0])
    ]
    if not found:
        return None
    listed = re.search(r"groups=\[([^\]]*)\]", found[-1][0])
    return re.findall(r'\\?"([^"\\]+)\\?"', listed[1]) if listed else []


def _log(facts: Facts, user: str, logged: list[str] | None) -> tuple[str, str, str]:
    if isinstance(facts.log, Unread):
        return ("logged in", "unknown", facts.log.reason)
    failed = logs.failed_login(facts.log, user)
    if failed:
        return ("logged in", "no", failed.text)
    if logged is not None:
        return ("logged in", "yes", f"within the last hour, with the groups {', '.join(logged) or 'none'}")
    return ("logged in", "unknown", "no login of the last hour is logged")


def _same(facts: Facts, trust: Trust) -> bool:
    if not isinstance(facts.discovery, Unread):
        return trust.issuer == facts.discovery.issuer
    return isinstance(facts.config, Unread) or trust.issuer == facts.config.issuer


def _believed(facts: Facts) -> tuple[str, str, str]:
    if isinstance(facts.trusts, Unread):
        return ("API servers trust Dex", "unknown", facts.trusts.reason)
    others = [each.node for each in facts.trusts if not _same(facts, each)]
    if not facts.trusts or len(others) == len(facts.trusts):
        return ("API servers trust Dex", "no", "none names Dex' issuer, letter by letter")
    nodes = ", ".join(sorted({each.node for each in facts.trusts if _same(facts, each)}))
    return ("API servers trust Dex", "yes", f"those on {nodes}")


def _mapped(trust: Trust | None, user: str, groups: list[str]) -> tuple[str, list[str]]:
    if trust is None:
        return user, groups
    named = groups if trust.groups.claim else []
    return f"{trust.username.prefix}{user}", [f"{trust.groups.prefix}{each}" for each in named]


def _allowed(facts: Facts, user: str, groups: list[str], question: Question) -> tuple[str, str, str]:
    what = f"{question.verb} {question.resource}" + (
        f" in {question.namespace}" if question.namespace else ""
    )
    parts = (facts.cluster_bindings, facts.bindings, facts.cluster_roles, facts.roles)
    unread = next((each for each in parts if isinstance(each, Unread)), None)
    if unread is not None:
        return (f"RBAC allows to {what}", "unknown", unread.reason)
    found = granting(facts, user, groups, question)
    if found:
        first = found[0]
        return (f"RBAC allows to {what}", "yes", f"{first.binding} gives {first.role} to {first.through}")
    near = near_misses(facts, [user, *groups])
    hint = f"; {near[0]}" if near else ""
    return (f"RBAC allows to {what}", "no", f"no binding of {user} or its groups allows it{hint}")


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


COMPARED = (
    Aspect("trust", trusts, ("node", "issuer"), ("audiences", "user", "groups", "same")),
    Aspect("connector", connectors, ("id",), ("type", "where", "people", "groups")),
    Aspect("client", clients, ("id",), ("public", "redirects")),
)
"""What two looks are compared by."""
