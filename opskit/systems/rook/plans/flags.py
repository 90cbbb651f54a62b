"""Set and unset an OSD flag of the whole cluster.

Follows https://docs.ceph.com/en/latest/rados/operations/health-checks/#osdmap-flags.
"""

from collections.abc import Iterator

from opskit.core.parts import known
from opskit.core.plan import Change, Condition, Draft, Step, Target, Undo
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards, steps

FLAGS = {
    "noout": "no OSD is marked out, however long it is down",
    "noin": "no OSD is marked in when it comes back",
    "noup": "no OSD can come up",
    "nodown": "no OSD is marked down, even when it does not answer",
    "nobackfill": "no PG is backfilled",
    "norebalance": "no PG is backfilled unless it is degraded",
    "norecover": "no PG recovers",
    "noscrub": "no PG is scrubbed",
    "nodeep-scrub": "no PG is deep-scrubbed",
    "nosnaptrim": "no snapshot is trimmed",
    "pause": "no client can read or write",
}
"""Flag → what it does to the whole cluster."""

GRAVE = ("pause", "nodown", "noup")
"""Flags that stop clients, or hide that OSDs are gone."""


def set_flag(facts: Facts, *, flag: str) -> Draft:
    """Set a flag on the whole cluster.

    Args:
        facts: of the cluster.
        flag: one of `FLAGS`.

    Raises:
        Refused: there is no such flag, or the map could not be read.

    """
    return _change(facts, flag, wanted=True)


def unset_flag(facts: Facts, *, flag: str) -> Draft:
    """Unset a flag of the whole cluster.

    Args:
        facts: of the cluster.
        flag: one of `FLAGS`.

    Raises:
        Refused: there is no such flag, or the map could not be read.

    """
    return _change(facts, flag, wanted=False)


def _change(facts: Facts, flag: str, *, wanted: bool) -> Draft:
    verb = "set" if wanted else "unset"
    guards.refuse(
        _reasons(facts, flag),
        what=f"To {verb} {flag}",
        where=facts.namespace,
        hint=f"the flags are {', '.join(FLAGS)}",
    )
    goal = (_condition(flag, wanted=wanted),)
    title, lock = f"{verb.capitalize()} the flag {flag}", steps.lock_of(facts)
    if (flag in known(facts.osd_dump, OsdDump()).flags_set) is wanted:
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=f"{flag} is {verb} already.")
    return Draft(title=title, steps=(_step(facts, flag, wanted=wanted),), goal=goal, lock=lock)


def _reasons(facts: Facts, flag: str) -> Iterator[str]:
    yield from guards.unread(facts, "osd_dump")
    yield from guards.same_ceph(facts)
    if flag not in FLAGS:
        yield f"there is no flag {flag} to be changed"


def _condition(flag: str, *, wanted: bool) -> Condition:
    state = "set" if wanted else "unset"
    return Condition(name=f"rook/flag-is-{state}", arguments={"flag": flag}, text=f"{flag} is {state}")


def _step(facts: Facts, flag: str, *, wanted: bool) -> Step:
    do, back = ("set", "unset") if wanted else ("unset", "set")
    grave = wanted and flag in GRAVE
    return Step(
        id=f"{do}-{flag}",
        title=f"{do.capitalize()} {flag}",
        action=steps.ceph(facts, "osd", do, flag),
        target=Target(kind="flag", name=flag),
        reason=f"While it is set, {FLAGS[flag]}.",
        postcondition=(_condition(flag, wanted=wanted),),
        expected=(Change(path=flag, before=not wanted, after=wanted),),
        undo=Undo(
            action=steps.ceph(facts, "osd", back, flag), postcondition=(_condition(flag, wanted=not wanted),)
        ),
        deadline_seconds=60,
        risk="high" if grave else "low",
        confirm=flag if grave else "",
    )
