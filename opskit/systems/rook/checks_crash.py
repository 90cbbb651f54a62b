"""Crashes that nobody has acknowledged."""

from datetime import UTC, datetime, timedelta

from opskit.core.findings import Evidence, Finding, Remedy
from opskit.core.parts import known
from opskit.core.wording import count
from opskit.systems.rook.answers_daemons import Crash
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, raised, said

RECENT = timedelta(days=14)
"""`mgr/crash/warn_recent_interval`."""


@judges("RECENT_CRASH", "RECENT_MGR_MODULE_CRASH")
def recent_crash(facts: Facts) -> list[Finding]:
    """New crashes, daemon by daemon."""
    if not (raised(facts, "RECENT_CRASH") or raised(facts, "RECENT_MGR_MODULE_CRASH")):
        return []
    by_daemon: dict[str, list[Crash]] = {}
    for crash in known(facts.crashes, []):
        if not crash.archived and _recent(crash, facts.now):
            by_daemon.setdefault(crash.entity_name, []).append(crash)
    return [_crashed(facts, daemon, crashes) for daemon, crashes in by_daemon.items()]


def _recent(crash: Crash, now: datetime) -> bool:
    try:
        when = datetime.fromisoformat(crash.timestamp[:19]).replace(tzinfo=UTC)
    except ValueError:
        return True
    return now - when <= RECENT


def _crashed(facts: Facts, daemon: str, crashes: list[Crash]) -> Finding:
    last = max(crashes, key=lambda crash: crash.timestamp)
    said_by = (
        last.assert_msg.strip() or last.assert_func or (str(last.backtrace[0]) if last.backtrace else "")
    )
    return finding(
        "RECENT_CRASH",
        daemon,
        f"{daemon} crashed {count(len(crashes), 'time')}, last at {last.timestamp[:16]} UTC.",
        evidence=[
            *said(facts, "RECENT_CRASH"),
            Evidence(
                text=said_by[:300] or "no assertion recorded", command=f"ceph crash info {last.crash_id}"
            ),
        ],
        cause="Its assertion, in the evidence, tells what it met: a bug, or a disk that gave errors.",
        remedy=Remedy(
            text=f"Read it; when understood: `ceph crash archive {last.crash_id}`.",
            runbook="rook/osd-down" if daemon.startswith("osd.") and _down(facts, daemon) else None,
            parameters={"osd": int(daemon[4:])} if daemon.startswith("osd.") and _down(facts, daemon) else {},
        ),
    )


def _down(facts: Facts, daemon: str) -> bool:
    osd = facts.osds.get(int(daemon[4:])) if daemon[4:].isdecimal() else None
    return osd is not None and not osd.up
