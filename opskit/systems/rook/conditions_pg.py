"""Predicates over one PG: its damage, its repair, and the deep scrub that proves it.

Follows https://docs.ceph.com/en/latest/rados/operations/pg-repair/.
"""

from typing import TYPE_CHECKING

from opskit.core.answers import decoder_for
from opskit.core.conditions import Conditions, Held
from opskit.systems.rook.answers_asked import Inconsistent, InconsistentList, PgQuery
from opskit.systems.rook.answers_daemons import LogLine
from opskit.systems.rook.conditions_ceph import is_clean
from opskit.systems.rook.reading import CONNECT_SECONDS, ceph, decode_answer, toolbox

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

PG_CONDITIONS = Conditions()

_LOG_LINES = 1000


def query(cluster: "Cluster", pg: str) -> PgQuery:
    """What the PG's primary itself says.

    Raises:
        ReadError: there is no such PG, or its primary does not answer.

    """
    return ceph(cluster, "pg", pg, "query", model=PgQuery)


def damage(cluster: "Cluster", pg: str) -> InconsistentList | None:
    """What the last deep scrub found; None when its record is gone, as after any change of the PG's OSDs.

    Raises:
        ReadError: the toolbox can't be reached.

    """
    words = ("list-inconsistent-obj", pg, "--format=json")
    argv = ("rados", f"--rados-mon-op-timeout={CONNECT_SECONDS}", *words)
    answer = cluster.tool(argv, place=toolbox(cluster), exit_codes=(0, 1, 2))
    if answer.exit_code or not answer.body.strip():
        return None
    return decode_answer(answer.body, decoder_for(InconsistentList), command=" ".join(argv))


def object_name(found: Inconsistent) -> str:
    """`name`, with namespace and snapshot where it has them."""
    space = f"{found.object.nspace}/" if found.object.nspace else ""
    snap = f"@{found.object.snap}" if found.object.snap not in ("", "head") else ""
    return f"{space}{found.object.name}{snap}"


def bad_copies(found: InconsistentList) -> dict[str, list[int]]:
    """Object → OSDs whose copy of it is bad."""
    return {
        object_name(each): sorted(shard.osd for shard in each.shards if shard.errors)
        for each in found.inconsistents
    }


@PG_CONDITIONS.named("rook/pg-damage-is")
def pg_damage_is(cluster: "Cluster", *, pg: str, bad: dict[str, list[int]]) -> Held:
    """The damage is what was reviewed; so it is once there is none any more."""
    found = damage(cluster, pg)
    if found is None:
        return Held(
            ok=False, state=f"the record of the damage in PG {pg} is gone: a new deep scrub is needed"
        )
    now = bad_copies(found)
    named = "; ".join(f"{name} on {', '.join(f'osd.{osd}' for osd in osds)}" for name, osds in now.items())
    return Held(ok=now in (bad, {}), state=f"bad copies in PG {pg}: {named or 'none'}")


@PG_CONDITIONS.named("rook/pg-damage-known")
def pg_damage_known(cluster: "Cluster", *, pg: str) -> Held:
    """A deep scrub's record says which copies are bad, or the PG is not damaged any more."""
    state = query(cluster, pg).state
    if "inconsistent" not in state.split("+"):
        return Held(ok=is_clean(state), state=f"PG {pg} is {state}")
    found = damage(cluster, pg)
    if found is None:
        return Held(ok=False, state=f"PG {pg} is {state}, and no record says which copies are bad")
    return Held(ok=True, state=f"{len(found.inconsistents)} damaged objects of PG {pg} are recorded")


@PG_CONDITIONS.named("rook/pg-repaired")
def pg_repaired(cluster: "Cluster", *, pg: str) -> Held:
    """The PG is clean, has no scrub error, and its repair is over."""
    found = query(cluster, pg)
    errors = found.info.stats.stat_sum.num_scrub_errors
    over = is_clean(found.state) and not {"scrubbing", "deep"} & set(found.state.split("+"))
    return Held(ok=over and not errors, state=f"PG {pg} is {found.state} with {errors} scrub errors")


@PG_CONDITIONS.named("rook/pg-deep-scrubbed")
def pg_deep_scrubbed(cluster: "Cluster", *, pg: str, note: str) -> Held:
    """A deep scrub that ended after the note in the cluster log found nothing wrong.

    Both times are Ceph's own, so that no other clock matters. A note that has left the log is older
    than the log's oldest line, which then stands for it.
    """
    found, lines = query(cluster, pg), _log(cluster)
    since = max(_noted(lines, note), default=min((line.stamp for line in lines), default=""))
    at, errors = found.info.stats.last_deep_scrub_stamp, found.info.stats.stat_sum.num_scrub_errors
    state = f"PG {pg} is {found.state} with {errors} scrub errors, last deep scrub {at or 'never'}"
    return Held(ok=bool(since) and at > since and not errors and is_clean(found.state), state=state)


@PG_CONDITIONS.named("rook/log-notes")
def log_notes(cluster: "Cluster", *, note: str) -> Held:
    """The cluster log holds the note."""
    noted = _noted(_log(cluster), note)
    return Held(
        ok=bool(noted), state=f"noted at {noted[-1]}" if noted else "the cluster log does not hold it"
    )


def _log(cluster: "Cluster") -> list[LogLine]:
    return ceph(cluster, "log", "last", str(_LOG_LINES), "debug", "cluster", model=list[LogLine])


def _noted(lines: list[LogLine], note: str) -> list[str]:
    """When the note was made; Ceph's stamps sort as text."""
    return [line.stamp for line in lines if note in line.message]
