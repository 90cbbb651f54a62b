"""Placement groups: unavailable, degraded, damaged, unfound, stuck behind full OSDs, overdue for scrubs."""

import re
from collections import Counter
from collections.abc import Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import count, some
from opskit.systems.rook.answers import Pg, Status
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, raised, said

DAMAGED = ("inconsistent", "failed_repair", "snaptrim_error")
SINGLY = 20
_PG_DETAIL = re.compile(r"^pg (\d+\.[0-9a-f]+) is (.*)$")


@judges("PG_DAMAGED", "OSD_SCRUB_ERRORS")
def pg_damaged(facts: Facts) -> list[Finding]:
    """PGs whose copies differ: one finding a PG, with its OSDs."""
    listed = [pg for pg in known(facts.pgs, []) if set(DAMAGED) & set(pg.state.split("+"))]
    return [_damaged(facts, pg) for pg in listed or _from_detail(facts, "PG_DAMAGED")][:SINGLY]


def _damaged(facts: Facts, pg: Pg) -> Finding:
    osds = some(facts.osds[each].subject if each in facts.osds else f"osd.{each}" for each in pg.acting)
    errors = pg.stat_sum.num_scrub_errors
    repairing = "repair" in pg.state.split("+")
    return finding(
        "PG_DAMAGED",
        f"pg {pg.pgid} on {','.join(f'osd.{each}' for each in pg.acting)}",
        f"Copies of pg {pg.pgid} differ ({count(errors, 'scrub error')}, {pg.state}); it lies on {osds}."
        + (" A repair is under way." if repairing else ""),
        severity=Severity.ERROR,
        evidence=[
            *said(facts, "PG_DAMAGED"),
            *said(facts, "OSD_SCRUB_ERRORS", lines=0),
            Evidence(
                text=f"pg {pg.pgid} is {pg.state}, acting {pg.acting}, primary osd.{pg.acting_primary}",
                command=f"rados list-inconsistent-obj {pg.pgid} --format=json-pretty",
            ),
        ],
        cause="A copy was altered on its disk, or written wrongly: mostly a failing disk or memory of one of "
        "these OSDs. The scrub's report says whose copy differs.",
        remedy=Remedy(
            text=f"See which copy of pg {pg.pgid} is wrong, look at that disk, then repair the PG.",
            runbook="rook/repair-pg",
            parameters={"pg": pg.pgid},
        ),
    )


def _from_detail(facts: Facts, code: str) -> list[Pg]:
    """PGs as `ceph health detail` names them, where they could not be listed."""
    check = facts.raised.get(code)
    found = [_PG_DETAIL.match(line.message) for line in check.detail] if check else []
    return [
        Pg(pgid=match[1], state=match[2].partition(",")[0], acting=_acting(match[2]))
        for match in found
        if match
    ]


def _acting(text: str) -> list[int]:
    inside = re.search(r"acting \[([\d,]*)\]", text)
    return [int(each) for each in inside[1].split(",") if each] if inside else []


@judges("PG_AVAILABILITY")
def pg_availability(facts: Facts) -> list[Finding]:
    """PGs that serve nothing, and the OSDs that they wait for."""
    counts = known(facts.status, Status()).pgmap.pgs_by_state
    inactive = {each.state_name: each.count for each in counts if "active" not in each.state_name.split("+")}
    if not inactive:
        return []
    total = sum(inactive.values())
    stuck = [pg for pg in known(facts.pgs, []) if "active" not in pg.state.split("+")]
    waiting = Counter(osd for pg in stuck for osd in pg.blocked_by)
    passing = not raised(facts, "PG_AVAILABILITY")
    states = ", ".join(f"{number} {state}" for state, number in inactive.items())
    return [
        finding(
            "PG_AVAILABILITY",
            count(total, "PG"),
            f"{count(total, 'PG')} serve nothing ({states}): clients that need them hang.",
            severity=Severity.INFO if passing else Severity.ERROR,
            evidence=[*said(facts, "PG_AVAILABILITY"), *_examples(stuck)],
            cause=_why_inactive(facts, waiting, passing=passing),
            remedy=_bring_back(facts, waiting),
        )
    ]


def _why_inactive(facts: Facts, waiting: Counter[int], *, passing: bool) -> str:
    if waiting:
        names = some(_state(facts, osd) for osd, _ in waiting.most_common(6))
        return f"They wait for {names}."
    if passing:
        return "They are peering, which takes seconds after OSDs come or go; Ceph does not raise it (yet)."
    return "Too few of the OSDs that hold their copies are up: fewer than the pool's min_size."


def _state(facts: Facts, osd: int) -> str:
    known_osd = facts.osds.get(osd)
    return f"osd.{osd}" if known_osd is None else f"{known_osd.subject} ({'up' if known_osd.up else 'down'})"


def _bring_back(facts: Facts, waiting: Counter[int]) -> Remedy | None:
    down = [osd for osd, _ in waiting.most_common() if osd in facts.osds and not facts.osds[osd].up]
    if not down:
        return None
    return Remedy(text=f"Bring osd.{down[0]} back.", runbook="rook/osd-down", parameters={"osd": down[0]})


def _examples(pgs: Iterable[Pg]) -> list[Evidence]:
    first = next(iter(pgs), None)
    if first is None:
        return []
    text = f"pg {first.pgid} is {first.state}, acting {first.acting}, blocked by {first.blocked_by}"
    return [Evidence(text=text, command=f"ceph pg {first.pgid} query")]


@judges("PG_DEGRADED")
def pg_degraded(facts: Facts) -> list[Finding]:
    """Data with fewer copies than wanted, and whether recovery goes on."""
    if not raised(facts, "PG_DEGRADED"):
        return []
    pgmap = known(facts.status, Status()).pgmap
    moving = pgmap.recovering_objects_per_sec
    pace = f"recovery makes {count(moving, 'object')} a second"
    speed = pace if moving else "nothing recovers at the moment"
    return [
        finding(
            "PG_DEGRADED",
            count(_words(facts, "degraded", "undersized"), "PG"),
            f"{facts.raised['PG_DEGRADED'].summary.message}; {speed}.",
            evidence=said(facts, "PG_DEGRADED"),
            cause="Copies are missing, and no OSD is down: they are being made again, or a flag or full OSDs "
            "keep them from it.",
            remedy=Remedy(text="Watch that recovery goes on.", runbook="rook/health"),
        )
    ]


def _words(facts: Facts, *words: str) -> int:
    counts = known(facts.status, Status()).pgmap.pgs_by_state
    return sum(each.count for each in counts if set(words) & set(each.state_name.split("+")))


@judges("OBJECT_UNFOUND")
def object_unfound(facts: Facts) -> list[Finding]:
    """Objects of which no OSD that is up holds the newest version."""
    pgmap = known(facts.status, Status()).pgmap
    if not pgmap.unfound_objects and not raised(facts, "OBJECT_UNFOUND"):
        return []
    pgs = [pg for pg in known(facts.pgs, []) if pg.stat_sum.num_objects_unfound]
    down = [osd.id for osd in facts.osds.values() if not osd.up]
    remedy = (
        Remedy(text=f"Bring osd.{down[0]} back.", runbook="rook/osd-down", parameters={"osd": down[0]})
        if down
        else None
    )
    return [
        finding(
            "OBJECT_UNFOUND",
            f"pg {some(pg.pgid for pg in pgs)}" if pgs else count(pgmap.unfound_objects, "object"),
            f"{count(pgmap.unfound_objects, 'object')} can't be found on any OSD that is up.",
            evidence=[*said(facts, "OBJECT_UNFOUND"), *_examples(pgs)],
            remedy=remedy,
        )
    ]


@judges("PG_NOT_SCRUBBED", "PG_NOT_DEEP_SCRUBBED")
def pg_not_scrubbed(facts: Facts) -> list[Finding]:
    """PGs overdue for a scrub or deep scrub."""
    return [
        finding(
            code,
            count(facts.raised[code].summary.count, "PG"),
            f"{facts.raised[code].summary.message}.",
            evidence=said(facts, code),
            cause="Scrubs can't keep up: too few at once (`osd_max_scrubs`), a short nightly window, or PGs "
            "that are rarely clean.",
        )
        for code in ("PG_NOT_SCRUBBED", "PG_NOT_DEEP_SCRUBBED")
        if raised(facts, code)
    ]


@judges("TOO_MANY_PGS")
def too_many_pgs(facts: Facts) -> list[Finding]:
    """More PGs for an OSD than allowed, and which pools have them."""
    if not raised(facts, "TOO_MANY_PGS"):
        return []
    busiest = max(facts.osds.values(), key=lambda osd: osd.pgs, default=None)
    if busiest is None:
        return []
    return [
        finding(
            "TOO_MANY_PGS",
            "the Ceph cluster",
            f"{facts.raised['TOO_MANY_PGS'].summary.message}; {busiest.name} holds {busiest.pgs}.",
            evidence=[
                *said(facts, "TOO_MANY_PGS"),
                Evidence(text=f"{busiest.name}: {busiest.pgs} PGs", command="ceph osd pool autoscale-status"),
            ],
        )
    ]
