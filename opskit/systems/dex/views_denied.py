"""Why one person is refused: from the login over the token's claims to the rule that allows. Pure."""

import re
from typing import TYPE_CHECKING

from opskit.core.kinds_rbac import Question
from opskit.core.parts import Unread, known
from opskit.systems.dex import logs
from opskit.systems.dex.facts import Facts, Trust
from opskit.systems.dex.rights import granting, near_misses

if TYPE_CHECKING:
    import pandas as pd


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
    import pandas as pd

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
    return pd.DataFrame(rows, columns=["step", "answer", "what"])


def _runs(facts: Facts) -> tuple[str, str, str]:
    ready = sum(each.status.ready_replicas or 0 for each in known(facts.deployments, []))
    return ("Dex runs", "yes" if ready else "no", f"{ready} ready pods in namespace {facts.namespace}")


def _newest_login(facts: Facts, user: str) -> list[str] | None:
    """The groups of the person's newest login; None where the log has none."""
    mail = re.compile(rf'{logs.GOOD}.*email=\\?"{re.escape(user)}\\?"')
    found = [each for each in logs.entries(known(facts.log, "")) if mail.search(each)]
    if not found:
        return None
    listed = re.search(r"groups=\[([^\]]*)\]", found[-1])
    return re.findall(r'\\?"([^"\\]+)\\?"', listed[1]) if listed else []


def _log(facts: Facts, user: str, logged: list[str] | None) -> tuple[str, str, str]:
    if isinstance(facts.log, Unread):
        return ("logged in", "unknown", facts.log.reason)
    failed = logs.failed_login(facts.log, user)
    if failed:
        return ("logged in", "no", failed.text)
    if logged is not None:
        return ("logged in", "yes", f"within the last hour, with the groups {', '.join(logged) or 'none'}")
    return (
        "logged in",
        "unknown",
        "no login of the last hour is logged; an empty password and a client's wrong secret leave no trace",
    )


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
