"""Causes before their consequences."""

from collections.abc import Iterable, Mapping

import msgspec

from opskit.core.findings import Finding, Severity, by_severity

_OSD_GONE = {
    "OSD_DOWN",
    "OSD_HOST_DOWN",
    "OSD_CHASSIS_DOWN",
    "OSD_RACK_DOWN",
    "OSD_ROW_DOWN",
    "OSD_PDU_DOWN",
    "OSD_POD_DOWN",
    "OSD_ROOM_DOWN",
    "OSD_DATACENTER_DOWN",
    "OSD_ZONE_DOWN",
    "OSD_REGION_DOWN",
    "OSD_ROOT_DOWN",
}
_FULL = {"OSD_FULL", "POOL_FULL", "OSD_BACKFILLFULL"}
_FLAGS = {"OSDMAP_FLAGS", "OSD_FLAGS", "FORGOTTEN_MAINTENANCE"}

CAUSED_BY: Mapping[str, set[str]] = {
    "PG_AVAILABILITY": _OSD_GONE,
    "PG_DEGRADED": {*_OSD_GONE, "OSD_DOWN_OUT", "FAILURE_DOMAIN_TOO_SMALL", "TOO_FEW_OSDS"},
    "OBJECT_MISPLACED": _OSD_GONE,
    "OBJECT_UNFOUND": _OSD_GONE,
    "SLOW_OPS": {*_OSD_GONE, "OSD_FULL", "PG_AVAILABILITY", "MON_CLOCK_SKEW", "OSD_SLOW"},
    "PG_RECOVERY_FULL": {"OSD_FULL"},
    "PG_BACKFILL_FULL": {"OSD_BACKFILLFULL", "OSD_FULL", "OSD_NEARFULL"},
    "POOL_FULL": {"OSD_FULL"},
    "POOL_NEARFULL": {"OSD_NEARFULL", "OSD_BACKFILLFULL", "OSD_FULL"},
    "POOL_NEAR_FULL": {"OSD_NEARFULL", "OSD_BACKFILLFULL", "OSD_FULL"},
    "POOL_BACKFILLFULL": {"OSD_BACKFILLFULL", "OSD_FULL"},
    "OSD_NEARFULL": {"OSD_FULL", "OSD_BACKFILLFULL"},
    "OSD_BACKFILLFULL": {"OSD_FULL"},
    "OSD_SCRUB_ERRORS": {"PG_DAMAGED"},
    "PG_NOT_SCRUBBED": _OSD_GONE,
    "PG_NOT_DEEP_SCRUBBED": _OSD_GONE,
    "MDS_SLOW_METADATA_IO": {*_OSD_GONE, "OSD_FULL", "PG_AVAILABILITY", "SLOW_OPS"},
    "MDS_SLOW_REQUEST": {*_OSD_GONE, "OSD_FULL", "PG_AVAILABILITY", "MDS_SLOW_METADATA_IO", "SLOW_OPS"},
    "MDS_TRIM": {*_OSD_GONE, "MDS_SLOW_METADATA_IO", "SLOW_OPS"},
    "FS_DEGRADED": {"MDS_ALL_DOWN", "FS_WITH_FAILED_MDS", "PG_AVAILABILITY"},
    "FS_WITH_FAILED_MDS": {"MDS_ALL_DOWN"},
    "MDS_INSUFFICIENT_STANDBY": {"MDS_ALL_DOWN", "FS_WITH_FAILED_MDS"},
    "MON_DOWN": {"MON_CLOCK_SKEW", "MON_DISK_CRIT"},
    "ROOK_READY_NOT_HEALTHY": {"*"},
    "DAEMON_OLD_VERSION": {"VERSION_SKEW"},
    "DAEMON_NOT_READY": {"MDS_ALL_DOWN", "FS_DEGRADED", "MGR_DOWN"},
    "CAPACITY_FORECAST": {"OSD_NEARFULL", "OSD_BACKFILLFULL", "OSD_FULL"},
}
"""Code → the codes that, when present, are its likely cause. `*` is any other."""


_MOVING = {"nobackfill", "norecover", "norebalance", "noin", "noup"}
STOPPED_BY: Mapping[str, set[str]] = {
    "PG_AVAILABILITY": {"noup", "nodown"},
    "PG_DEGRADED": _MOVING,
    "OBJECT_MISPLACED": _MOVING,
    "OSD_DOWN": {"noup"},
    "SLOW_OPS": {"pauserd", "pausewr", "nodown"},
    "PG_NOT_SCRUBBED": {"noscrub"},
    "PG_NOT_DEEP_SCRUBBED": {"nodeep-scrub", "noscrub"},
    "MDS_SLOW_METADATA_IO": {"pauserd", "pausewr"},
}
"""Code → the flags that bring it about or keep it from healing."""


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Causes first, each as grave as the worst that follows from it; a consequence names its cause."""
    every = list(findings)
    causes = {id(each): _causes(each, every) for each in every}
    grave = {id(each): each.severity for each in every}
    for each in sorted(every, key=lambda one: -one.severity.rank):
        for cause in _ancestors(each, causes):
            grave[id(cause)] = max(grave[id(cause)], each.severity)
    in_order = sorted(every, key=lambda one: len(_ancestors(one, causes)))
    return by_severity(_explained(each, causes[id(each)], severity=grave[id(each)]) for each in in_order)


def short(code: str) -> str:
    """A code without its system."""
    return code.partition("/")[2]


def _causes(finding: Finding, every: list[Finding]) -> list[Finding]:
    if finding.severity is Severity.INFO:
        return []
    others = (each for each in every if each.code != finding.code and each.severity > Severity.INFO)
    return [each for each in others if _brings_about(each, short(finding.code)) or _one_node(each, finding)]


def _one_node(cause: Finding, finding: Finding) -> bool:
    """Whether a daemon is away because the host is that is told already."""
    return (
        short(cause.code) == "OSD_HOST_DOWN"
        and cause.cause == finding.cause
        and cause.cause.startswith("Node ")
    )


def _brings_about(cause: Finding, code: str) -> bool:
    wanted = CAUSED_BY.get(code, set())
    if short(cause.code) in _FLAGS:
        return any(flag in cause.summary for flag in STOPPED_BY.get(code, set()))
    return short(cause.code) in wanted or "*" in wanted


def _ancestors(finding: Finding, causes: Mapping[int, list[Finding]]) -> list[Finding]:
    found: dict[int, Finding] = {}
    waiting = list(causes[id(finding)])
    while waiting:
        each = waiting.pop()
        if id(each) not in found and each is not finding:
            found[id(each)] = each
            waiting.extend(causes[id(each)])
    return list(found.values())


def _explained(finding: Finding, causes: list[Finding], *, severity: Severity) -> Finding:
    if not causes:
        return msgspec.structs.replace(finding, severity=severity)
    names = "; ".join(dict.fromkeys(f"{short(each.code)} ({each.subject})" for each in causes[:3]))
    return msgspec.structs.replace(finding, severity=severity, cause=f"Follows from {names}.")
