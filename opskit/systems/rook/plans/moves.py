"""Take an OSD out of data placement, and put it back in.

Follows https://docs.ceph.com/en/latest/rados/operations/add-or-rm-osds/.
"""

from collections.abc import Iterator

from opskit.core.conditions import Held
from opskit.core.parts import Unread
from opskit.core.plan import Draft, Step
from opskit.core.planning import looks
from opskit.systems.rook import looks as questions
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards, steps
from opskit.systems.rook.plans.capacity import room_after_removal

MOVE_SECONDS = 24 * steps.HOUR
"""An OSD of many TB takes a day to empty."""


@looks(questions.may_stop)
def take_osd_out(facts: Facts, *, osd: int, stop: Held | Unread) -> Draft:
    """Have an OSD's data moved to the others, and wait until every PG is whole again.

    Args:
        facts: of the cluster.
        osd: the OSD's ID.
        stop: Ceph's answer to `ok-to-stop`.

    Raises:
        Refused: with every reason why its data can't be moved now.

    """
    guards.refuse(
        _out_reasons(facts, osd, stop),
        what=f"Taking osd.{osd} out",
        where=facts.namespace,
        hint="clear these first; rook/health tells the remedy of each finding",
    )
    found, uuid = facts.osds[osd], guards.uuid_of(facts, osd)
    goal = (steps.of_osd("is-out", osd, uuid, "is out"), steps.clean())
    title, lock = f"Take {found.subject} out", steps.lock_of(facts)
    if not found.in_:
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=f"osd.{osd} is out already.")
    reason = "CRUSH then places its data on the other OSDs, while it still serves as a source."
    out = steps.mark_out(facts, osd, uuid, reason=reason)
    return Draft(title=title, steps=(out, wait_clean(osd, uuid, MOVE_SECONDS)), goal=goal, lock=lock)


def _out_reasons(facts: Facts, osd: int, stop: Held | Unread) -> Iterator[str]:
    yield from guards.unread(facts, "status", "osd_dump", "tree", "osd_df", "rules")
    yield from guards.same_ceph(facts)
    yield from guards.osd_known(facts, osd)
    yield from guards.pgs_clean(facts)
    yield from guards.answered(f"ceph osd ok-to-stop {osd}", stop)
    if osd in facts.osds:
        found = facts.osds[osd]
        yield from guards.no_maintenance(facts)
        yield from guards.one_domain(facts, [found])
        yield from guards.pool_copies(facts, [found])
        yield from room_after_removal(facts, [found])


def take_osd_in(facts: Facts, *, osd: int) -> Draft:
    """Give an OSD data again, and wait until every PG is whole.

    Args:
        facts: of the cluster.
        osd: the OSD's ID.

    Raises:
        Refused: it does not exist, is down, or a flag keeps it out.

    """
    guards.refuse(
        _in_reasons(facts, osd),
        what=f"Taking osd.{osd} in",
        where=facts.namespace,
        hint="clear these first; rook/osd-down brings back an OSD that is down",
    )
    found, uuid = facts.osds[osd], guards.uuid_of(facts, osd)
    goal = (steps.of_osd("is-in", osd, uuid, "is in"), steps.clean())
    title, lock = f"Take {found.subject} in", steps.lock_of(facts)
    if found.in_:
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=f"osd.{osd} is in already.")
    moves = (steps.mark_in(facts, osd, uuid), wait_clean(osd, uuid, MOVE_SECONDS))
    return Draft(title=title, steps=moves, goal=goal, lock=lock)


def _in_reasons(facts: Facts, osd: int) -> Iterator[str]:
    yield from guards.unread(facts, "status", "osd_dump", "tree")
    yield from guards.same_ceph(facts)
    yield from guards.osd_known(facts, osd)
    yield from guards.no_maintenance(facts)
    if osd in facts.osds and not facts.osds[osd].up:
        yield f"osd.{osd} is down: it could take no data"


def wait_clean(osd: int, uuid: str, seconds: int) -> Step:
    """Wait until every PG is active+clean."""
    return steps.wait(
        "wait-clean",
        steps.osd_target(osd, uuid),
        title="Wait until every PG is whole",
        reason="Data moves in the background; until it has moved, the next failure hits fewer copies.",
        postcondition=(steps.clean(),),
        deadline_seconds=seconds,
    )
