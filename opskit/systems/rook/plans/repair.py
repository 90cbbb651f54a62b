"""Repair a PG whose copies differ.

`ceph pg repair` overwrites the copies that differ by the one that Ceph takes for authoritative, so
it is planned only where the record of the last deep scrub says which copies are sound.
Follows https://docs.ceph.com/en/latest/rados/operations/pg-repair/.
"""

from collections.abc import Iterator

from opskit.core.parts import Unread, known
from opskit.core.plan import Change, Condition, Draft, Step, Target
from opskit.core.planning import looks
from opskit.systems.rook import looks as questions
from opskit.systems.rook.answers import OsdDump, PoolEntry
from opskit.systems.rook.answers_asked import Inconsistent, InconsistentList, PgQuery, Shard
from opskit.systems.rook.conditions_pg import bad_copies, object_name
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards, steps

SCRUB_SECONDS = 2 * steps.HOUR
"""A deep scrub of a large PG of spinning disks, behind other scrubs."""


@looks(questions.pg)
def repair_pg(
    facts: Facts, *, pg: str, asked: PgQuery | Unread, record: InconsistentList | Unread | None
) -> Draft:
    """Overwrite a PG's bad copies by sound ones, and prove it by a new deep scrub.

    Without a record of the damage (Ceph forgets it when the PG's OSDs change) the plan only scrubs
    again, so that the damage is known and the runbook can be run once more.

    Args:
        facts: of the cluster.
        pg: the PG's ID.
        asked: what the PG's primary says.
        record: what its last deep scrub found; None: no record is left.

    Raises:
        Refused: with every reason why it must not be repaired now.

    """
    guards.refuse(
        _reasons(facts, pg, asked, record),
        what=f"Repairing PG {pg}",
        where=facts.namespace,
        hint="see https://docs.ceph.com/en/latest/rados/troubleshooting/troubleshooting-pg/#inconsistent-placement-groups",
    )
    title, lock = f"Repair PG {pg}", steps.lock_of(facts)
    if isinstance(asked, Unread) or "inconsistent" not in asked.state.split("+"):
        sound = (_condition("rook/pg-repaired", pg, "is clean"),)
        return Draft(title=title, steps=(), goal=sound, lock=lock, nothing_to_do=f"PG {pg} has no damage.")
    if not isinstance(record, InconsistentList):
        known_ = (_condition("rook/pg-damage-known", pg, "has its damage on record"),)
        scrub = _find_again(facts, pg, known_)
        return Draft(title=f"Find the damage in PG {pg} again", steps=(scrub,), goal=known_, lock=lock)
    note = _note(pg, asked)
    goal = (_condition("rook/pg-repaired", pg, "is clean"), _scrubbed(pg, note))
    return Draft(title=title, steps=tuple(_steps(facts, pg, record, note)), goal=goal, lock=lock)


def _reasons(
    facts: Facts, pg: str, asked: PgQuery | Unread, record: InconsistentList | Unread | None
) -> Iterator[str]:
    yield from guards.unread(facts, "osd_dump", "marks")
    yield from guards.same_ceph(facts)
    pool = pool_of(facts, pg)
    if pool is None and not isinstance(facts.osd_dump, Unread):
        yield f"there is no pool of PG {pg}"
    if isinstance(asked, Unread):
        yield f"PG {pg} could not be asked: {asked.reason}"
    else:
        yield from _state_reasons(pg, asked)
    for flag in ("norecover", "pause"):
        if flag in known(facts.osd_dump, OsdDump()).flags_set:
            yield f"the flag {flag} is set: a repair would not end"
    if isinstance(record, Unread):
        yield f"the record of the damage could not be read: {record.reason}"
    elif record is not None and pool is not None:
        for each in record.inconsistents:
            yield from no_authority(each, pool)
        if not record.inconsistents and isinstance(asked, PgQuery) and "inconsistent" in asked.state:
            yield f"the record names no object of PG {pg}: look at `rados list-inconsistent-snapset {pg}`"


def _state_reasons(pg: str, asked: PgQuery) -> Iterator[str]:
    states = set(asked.state.split("+"))
    if not {"active", "clean"} <= states:
        yield f"PG {pg} is {asked.state}: let it recover first, as a repair takes copies from its OSDs"
    if "repair" in states:
        yield f"PG {pg} is being repaired already"


def pool_of(facts: Facts, pg: str) -> PoolEntry | None:
    """The pool whose ID stands before the point."""
    number = pg.partition(".")[0]
    return next((each for each in known(facts.osd_dump, OsdDump()).pools if str(each.pool) == number), None)


def no_authority(found: Inconsistent, pool: PoolEntry) -> Iterator[str]:
    """Reasons why it can't be told which copies of an object are sound."""
    sound = [shard for shard in found.shards if not shard.errors]
    name = object_name(found)
    if pool.erasure_coded:
        if len(sound) < pool.min_size:
            yield f"object {name}: only {len(sound)} chunks are sound, and {pool.min_size} are needed"
    elif not sound:
        yield f"object {name}: every copy is marked bad, so none can be taken for right"
    elif len({_content(shard) for shard in sound}) > 1:
        yield f"object {name}: copies differ and none is marked bad, so it can't be told which is right"


def _content(shard: Shard) -> tuple[int | None, str, str]:
    return shard.size, shard.data_digest, shard.omap_digest


def _condition(name: str, pg: str, text: str) -> Condition:
    return Condition(name=name, arguments={"pg": pg}, text=f"PG {pg} {text}")


def _note(pg: str, asked: PgQuery) -> str:
    """One note for one damage: an older repair's note must not be taken for it."""
    found = asked.info.stats.last_deep_scrub_stamp
    return f"opskit rook/repair-pg: PG {pg}, damage found {found}: repaired, deep scrub asked for"


def _scrubbed(pg: str, note: str) -> Condition:
    return Condition(
        name="rook/pg-deep-scrubbed",
        arguments={"pg": pg, "note": note},
        text=f"a new deep scrub of PG {pg} found nothing wrong",
    )


def _target(pg: str) -> Target:
    return Target(kind="pg", name=pg)


def _find_again(facts: Facts, pg: str, recorded: tuple[Condition, ...]) -> Step:
    return Step(
        id=f"deep-scrub-pg-{pg}",
        title=f"Deep-scrub PG {pg}",
        action=steps.ceph(facts, "pg", "deep-scrub", pg),
        target=_target(pg),
        reason="Ceph has no record left of which copies are bad; a deep scrub makes a new one.",
        postcondition=recorded,
        no_undo="A scrub only reads.",
        deadline_seconds=SCRUB_SECONDS,
    )


def _steps(facts: Facts, pg: str, record: InconsistentList, note: str) -> Iterator[Step]:
    bad = bad_copies(record)
    reviewed = Condition(
        name="rook/pg-damage-is", arguments={"pg": pg, "bad": bad}, text="the bad copies are those reviewed"
    )
    yield Step(
        id=f"repair-pg-{pg}",
        title=f"Repair PG {pg}",
        action=steps.ceph(facts, "pg", "repair", pg),
        target=_target(pg),
        reason="Ceph overwrites each bad copy by a sound one.",
        precondition=(reviewed,),
        postcondition=(_condition("rook/pg-repaired", pg, "is clean"),),
        expected=tuple(change for each in record.inconsistents for change in _overwritten(each)),
        no_undo="The bad copies are overwritten.",
        deadline_seconds=SCRUB_SECONDS,
        risk="medium",
        confirm=pg,
    )
    yield Step(
        id=f"note-repair-{pg}",
        title="Note the repair in Ceph's cluster log",
        action=steps.ceph(facts, "log", note),
        target=_target(pg),
        reason="Only a deep scrub that ends after this note proves the repair.",
        postcondition=(
            Condition(name="rook/log-notes", arguments={"note": note}, text="the log holds the note"),
        ),
        no_undo="A log is only added to.",
        deadline_seconds=60,
    )
    yield Step(
        id=f"deep-scrub-pg-{pg}",
        title=f"Deep-scrub PG {pg}",
        action=steps.ceph(facts, "pg", "deep-scrub", pg),
        target=_target(pg),
        reason="It reads and compares every copy again.",
        postcondition=(_scrubbed(pg, note),),
        no_undo="A scrub only reads.",
        deadline_seconds=SCRUB_SECONDS,
    )


def _overwritten(found: Inconsistent) -> Iterator[Change]:
    """What happens to each bad copy, and why."""
    sound = sorted(shard.osd for shard in found.shards if not shard.errors)
    for shard in found.shards:
        if shard.errors:
            source = ", ".join(f"osd.{osd}" for osd in sound)
            path = f"{object_name(found)} on osd.{shard.osd}"
            yield Change(path=path, before=", ".join(sorted(shard.errors)), after=f"as on {source}")
