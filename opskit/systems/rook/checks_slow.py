"""Slow requests, and the one OSD that is slower than its peers."""

import re
from statistics import median

from opskit.core.findings import Evidence, Finding, Remedy
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.rook.answers_daemons import OsdPerf
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, raised, said

OUTLIER_SCORE = 8.0
"""Robust deviations from the median of its device class at which an OSD's latency is an outlier."""
OUTLIER_MS = 20.0
"""Below this many milliseconds no OSD is slow, however fast its peers are."""
PEERS = 3
"""A class of fewer OSDs has no median to speak of."""

_DAEMONS = re.compile(r"daemons? \[?([a-z0-9.,\-]+)\]?")


@judges()
def osd_slow(facts: Facts) -> list[Finding]:
    """OSDs whose commits take far longer than those of their class."""
    return [_slow(facts, osd, ms, middle) for osd, ms, middle in outliers(facts)][:5]


def outliers(facts: Facts) -> list[tuple[int, float, float]]:
    """OSD, its commit latency and the median of its class, in milliseconds, the slowest first."""
    by_class: dict[str, dict[int, float]] = {}
    for each in known(facts.perf, OsdPerf()).osdstats.osd_perf_infos:
        osd = facts.osds.get(each.id)
        if osd is not None and osd.up:
            by_class.setdefault(osd.device_class, {})[each.id] = each.perf_stats.commit_latency_ms
    found: list[tuple[int, float, float]] = []
    for latencies in by_class.values():
        found += _far_off(latencies) if len(latencies) >= PEERS else []
    return sorted(found, key=lambda each: -each[1])


def _far_off(latencies: dict[int, float]) -> list[tuple[int, float, float]]:
    middle = median(latencies.values())
    spread = max(1.4826 * median(abs(ms - middle) for ms in latencies.values()), 1.0)
    return [
        (osd, ms, middle)
        for osd, ms in latencies.items()
        if (ms - middle) / spread >= OUTLIER_SCORE and ms >= max(OUTLIER_MS, 3 * middle)
    ]


def _slow(facts: Facts, osd: int, ms: float, middle: float) -> Finding:
    found = facts.osds[osd]
    device = found.metadata.devices if found.metadata and found.metadata.devices else "its disk"
    return finding(
        "OSD_SLOW",
        found.subject,
        f"{found.name} takes {ms:.0f} ms to commit, the median of its class is {middle:.0f} ms.",
        evidence=[
            Evidence(text=f"{found.name}: commit latency {ms:.0f} ms", command="ceph osd perf"),
            *said(facts, "SLOW_OPS"),
        ],
        cause=f"{device} of {found.host or 'its host'} is slow: failing, or loaded by something else.",
        remedy=Remedy(
            text=f"Look at the disk of {found.name}; replace the OSD if it stays slow.",
            runbook="rook/replace-osd",
            parameters={"osd": osd},
        ),
    )


@judges("SLOW_OPS")
def slow_ops(facts: Facts) -> list[Finding]:
    """Requests that wait too long, and in which daemons."""
    if not raised(facts, "SLOW_OPS"):
        return []
    message = facts.raised["SLOW_OPS"].summary.message
    named = _DAEMONS.search(message)
    who = named[1].split(",") if named else []
    return [
        finding(
            "SLOW_OPS",
            some(who) or "the Ceph cluster",
            f"{message}.",
            evidence=[
                *said(facts, "SLOW_OPS"),
                *(
                    Evidence(text=f"what {each} waits for", command=f"ceph tell {each} dump_ops_in_flight")
                    for each in who[:2]
                ),
            ],
            cause="The disk under it is slow or overloaded, or it waits for a peer over a bad network.",
        )
    ]
