"""Every frame that can be made of a Vault's facts. Pure: facts in, frame out.

Every frame has its columns also when it is empty; times are UTC.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from opskit.core.aspects import Aspect
from opskit.core.parts import Unread, known
from opskit.systems.vault import answers
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.leases import Leases
from opskit.systems.vault.nodes import Node

if TYPE_CHECKING:
    import pandas as pd

_TIME = "datetime64[us, UTC]"


def nodes(facts: Facts) -> "pd.DataFrame":
    """One row a node.

    Returns:
        node, state (str: `active`, `standby`, `no leader`, `sealed`, `not initialised`, `away`), version,
        seal, storage (str); threshold, shares, progress (int64); raft_index (int64); reason (str).

    """
    columns = {"node": "str", "state": "str", "version": "str", "seal": "str", "storage": "str"}
    columns |= dict.fromkeys(("threshold", "shares", "progress", "raft_index"), "int64")
    return _frame([_node(each) for each in facts.nodes], {**columns, "reason": "str"})


def _node(each: Node) -> tuple[Any, ...]:
    if isinstance(each.seal, Unread):
        return (each.name, "away", "", "", "", 0, 0, 0, 0, each.seal.reason)
    seal = each.seal
    index = each.leader.raft_applied_index if isinstance(each.leader, answers.Leader) else 0
    state = _state(each, seal)
    return (
        each.name,
        state,
        seal.version,
        seal.type,
        seal.storage_type,
        seal.t,
        seal.n,
        seal.progress,
        index,
        "",
    )


def _state(each: Node, seal: answers.SealStatus) -> str:
    if not seal.initialized:
        return "not initialised"
    if seal.sealed:
        return "sealed"
    if each.active:
        return "active"
    known_leader = isinstance(each.leader, answers.Leader) and each.leader.leader_address
    return "standby" if known_leader else "no leader"


def leases(facts: Facts) -> "pd.DataFrame":
    """Leases by prefix, most first.

    Returns:
        prefix (str); leases (int64); oldest, ends (datetime64[us, UTC], of a sample); age_hours (float,
        hours, of the oldest of the sample).

    """
    held = known(facts.leases, Leases(prefixes=()))
    rows = [
        (each.path, each.leases, each.oldest, each.longest, _hours(each.oldest, facts.now))
        for each in held.prefixes
    ]
    return _frame(
        rows, {"prefix": "str", "leases": "int64", "oldest": _TIME, "ends": _TIME, "age_hours": "float64"}
    )


def _hours(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() / 3600 if since else float("nan")


def tokens(facts: Facts) -> "pd.DataFrame":
    """Tokens by accessor, the oldest first; never a token itself.

    Returns:
        accessor, name, path, policies (str); made, ends (datetime64[us, UTC]; NaT never ends); period_s
        (int64, seconds).

    """
    rows = [
        (
            each.accessor,
            each.display_name,
            each.path,
            ", ".join(each.policies or []),
            datetime.fromtimestamp(each.creation_time, UTC),
            each.expire_time,
            each.period,
        )
        for each in sorted(known(facts.tokens, []), key=lambda one: one.creation_time)
    ]
    columns = {
        "accessor": "str",
        "name": "str",
        "path": "str",
        "policies": "str",
        "made": _TIME,
        "ends": _TIME,
    }
    return _frame(rows, {**columns, "period_s": "int64"})


def mounts(facts: Facts) -> "pd.DataFrame":
    """Secrets engines, auth methods and audit devices.

    Returns:
        sort (str: `secrets`, `auth`, `audit`); path, type, version, description (str); max_ttl_s (int64,
        seconds; 0 is the system's default).

    """
    rows: list[tuple[Any, ...]] = []
    for sort, part in (("secrets", facts.mounts), ("auth", facts.auth)):
        for path, each in known(part, dict[str, answers.Mount]()).items():
            version, ttl = each.running_plugin_version, each.config.max_lease_ttl
            rows.append((sort, path, each.type, version, each.description, ttl))
    for path, each in known(facts.audit, dict[str, answers.AuditDevice]()).items():
        rows.append(("audit", path, each.type, "", each.description, 0))
    columns = dict.fromkeys(("sort", "path", "type", "version", "description"), "str")
    return _frame(rows, {**columns, "max_ttl_s": "int64"})


def keys(facts: Facts) -> "pd.DataFrame":
    """Transit keys and PKI authorities by age.

    Returns:
        sort (str: `transit`, `pki`); mount, name (str); made, ends (datetime64[us, UTC]); versions (int64);
        rotates (bool).

    """
    rows: list[tuple[Any, ...]] = []
    for each in known(facts.transit, []):
        if not isinstance(each, Unread):
            row = (each.mount, each.key.name, each.rotated, None, each.key.latest_version, each.rotates)
            rows.append(("transit", *row))
    for each in known(facts.pki, []):
        if not isinstance(each, Unread):
            rows.append(("pki", each.mount, each.subject, each.not_before, each.not_after, 1, False))
    columns = {"sort": "str", "mount": "str", "name": "str", "made": _TIME, "ends": _TIME}
    return _frame(rows, {**columns, "versions": "int64", "rotates": "bool"})


def _frame(rows: list[Any], columns: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd

    made = pd.DataFrame(rows, columns=list(columns))
    for name, dtype in columns.items():
        made[name] = (
            pd.to_datetime(made[name], utc=True).astype(dtype) if dtype == _TIME else made[name].astype(dtype)
        )
    return made


COMPARED = (
    Aspect("node", nodes, ("node",), ("state", "version", "seal", "storage", "threshold", "shares")),
    Aspect("mount", mounts, ("sort", "path"), ("type", "version", "description", "max_ttl_s")),
    Aspect("key", keys, ("sort", "mount", "name"), ("versions", "rotates")),
)
"""What two looks are compared by."""
