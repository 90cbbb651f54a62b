"""How a tried login went, step by step, to the groups and rights that the API server would see. Pure."""

from typing import TYPE_CHECKING

from opskit.core.directory import NO_SUCH_OBJECT
from opskit.core.errors import NotInSnapshot, NotInstalled
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.dex.directory import Base, Directory
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.rights import bound
from opskit.systems.dex.trying import GroupsFound, Tried

if TYPE_CHECKING:
    import pandas as pd

Row = tuple[str, str, str]


def tried(facts: Facts, found: Tried) -> "pd.DataFrame":
    """Every step of a login at the directory; the first `no` is the cause.

    Groups and roles are no condition: who has none gets in, and may do nothing.

    Args:
        facts: read before.
        found: what `trying.try_login` found.

    Returns:
        step, answer (`yes`, `no`, `unknown`), what (str).

    """
    import pandas as pd

    rows = [_stopped(found.stopped)] if found.stopped else _rows(facts, found)
    return pd.DataFrame(rows, columns=["step", "answer", "what"])


def _stopped(why: Unread) -> Row:
    """Whoever was not asked has not refused."""
    unasked = why.error in (NotInSnapshot.__name__, NotInstalled.__name__)
    return ("the directory lets Dex in", "unknown" if unasked else "no", why.reason)


def _rows(facts: Facts, found: Tried) -> list[Row]:
    rows = [("the directory lets Dex in", "yes", f"connector {found.connector}"), _entry(facts, found)]
    if found.entry is None:
        return rows
    rows.append(_attributes(found))
    if found.password is not None:
        rows.append(_password(found))
    rows += [_group(facts, found, each) for each in found.groups] or [_no_search(found)]
    return [*rows, *_seen(facts, found)]


def _entry(facts: Facts, found: Tried) -> Row:
    step, searched = "exactly one entry", found.found
    if found.entry is not None:
        return (step, "yes", found.entry.dn)
    if searched is None or searched.code:
        said = searched.said if searched else "nothing"
        return (
            step,
            "no",
            f"the search below {found.base} ends with {said}{_instead(facts, found, 'userSearch')}",
        )
    if not searched.entries:
        return (step, "no", f"no entry fits {found.filter} below {found.base}")
    return (step, "no", f"{len(searched.entries)} fit {found.filter}: {some(e.dn for e in searched.entries)}")


def _attributes(found: Tried) -> Row:
    step = "all that Dex needs is in it"
    if found.missing:
        return (step, "no", f"the entry lacks {some(found.missing)}")
    return (step, "yes", f"mail {found.mail}")


def _password(found: Tried) -> Row:
    right = bool(found.password)
    return ("the password", "yes" if right else "no", "is right" if right else "the directory refuses it")


def _group(facts: Facts, found: Tried, each: GroupsFound) -> Row:
    step = f"groups by {each.filter}"
    if each.code == NO_SUCH_OBJECT:
        instead = _instead(facts, found, "groupSearch")
        return (step, "no", f"groupSearch.baseDN {each.base} does not exist{instead}")
    if each.code:
        return (step, "no", f"the search below {each.base} ends with {each.said}")
    return (step, "yes" if each.names else "no", some(each.names) or f"none below {each.base}")


def _instead(facts: Facts, found: Tried, setting: str) -> str:
    base = _base(facts, found.connector, setting)
    return f"; below {base.matched} there are {some(base.beside)}" if base and base.beside else ""


def _base(facts: Facts, connector: str, setting: str) -> Base | None:
    read = facts.directories.get(connector)
    bases = read.bases if isinstance(read, Directory) else ()
    return next((each for each in bases if each.setting == setting), None)


def _no_search(found: Tried) -> Row:
    what = f"the connector {found.connector} searches none, or by no attribute of the entry"
    return ("groups", "unknown", what)


def _seen(facts: Facts, found: Tried) -> list[Row]:
    """What each API server that trusts an issuer makes of it, and what is bound to that."""
    rows: list[Row] = []
    for trust in known(facts.trusts, []):
        user = f"{trust.username.prefix}{found.mail}"
        names = [f"{trust.groups.prefix}{each}" for each in found.group_names] if trust.groups.claim else []
        rows.append((f"the API server on {trust.node} sees", "yes", f"{user}; {some(names) or 'no group'}"))
        roles = bound(facts, user, names)
        rows.append(
            (f"roles on {trust.node}", "yes" if roles else "no", some(roles) or "none is bound to them")
        )
    return rows
