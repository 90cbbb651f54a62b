"""Codes about CephFS, its MDS and their clients."""

from opskit.core.findings import Severity
from opskit.systems.rook.code import CEPHFS_MESSAGES, Code, documented

_INFO, _WARN, _ERR, _CRIT = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL

FILESYSTEM: tuple[Code, ...] = documented(
    "filesystem",
    (
        "FS_DEGRADED",
        _ERR,
        "A rank of a filesystem is not active: its clients may hang.",
        "See whether an MDS is replaying (wait) or missing (see why its pod does not run).",
    ),
    (
        "FS_WITH_FAILED_MDS",
        _ERR,
        "A rank of a filesystem has no MDS, and no standby took it.",
        "Start an MDS: see why the pods of `rook-ceph-mds` do not run.",
    ),
    (
        "FS_INLINE_DATA_DEPRECATED",
        _INFO,
        "A filesystem keeps small files inside inodes, which is going away.",
        "Turn `inline_data` off.",
    ),
    (
        "MDS_ALL_DOWN",
        _CRIT,
        "A filesystem has no active MDS at all: every client hangs.",
        "Start an MDS: see why the pods of `rook-ceph-mds` do not run.",
    ),
    (
        "MDS_UP_LESS_THAN_MAX",
        _WARN,
        "Fewer MDS are active than `max_mds` wants.",
        "Start more MDS, or lower the number of active ones.",
    ),
    (
        "MDS_INSUFFICIENT_STANDBY",
        _WARN,
        "Fewer standby MDS wait than wanted: a failure would take longer to heal.",
        "Start more MDS, or lower `standby_count_wanted`.",
    ),
    (
        "MDS_DAMAGE",
        _CRIT,
        "Metadata of a filesystem is damaged or missing; what lies below it gives errors.",
        "Read `ceph tell mds.NAME damage ls`; repair by scrub before anything else is tried.",
    ),
    (
        "FS_DAMAGED_MDS",
        _CRIT,
        "A rank is marked damaged and can't start.",
        "Keep a copy of its journal before any repair; follow Ceph's disaster recovery for CephFS.",
    ),
    (
        "MDS_READ_ONLY",
        _ERR,
        "An MDS went read-only after it failed to write its metadata.",
        "See why writes to the metadata pool fail (full, unavailable); then fail the MDS over.",
    ),
    (
        "MDS_SLOW_REQUEST",
        _WARN,
        "Clients' metadata requests wait for longer than 30 s.",
        "See `ceph tell mds.NAME ops`; then whether RADOS is slow or a client holds a capability.",
    ),
    (
        "MDS_SLOW_METADATA_IO",
        _WARN,
        "An MDS waits for RADOS: the metadata pool is slow or unavailable.",
        "Look at PGs and OSDs of the metadata pool.",
    ),
    (
        "MDS_TRIM",
        _WARN,
        "An MDS trims its journal more slowly than it grows.",
        "See whether RADOS is slow, or clients write more metadata than one MDS carries.",
    ),
    (
        "MDS_CACHE_OVERSIZED",
        _WARN,
        "An MDS holds more in memory than `mds_cache_memory_limit` allows, and may be killed for it.",
        "See which client pins it (`session ls`); give the MDS more memory.",
    ),
    (
        "MDS_CLIENT_RECALL",
        _WARN,
        "A client keeps more capabilities than the MDS asks it to.",
        "Find the client in `ceph health detail`; update or remount it.",
    ),
    (
        "MDS_CLIENT_LATE_RELEASE",
        _WARN,
        "A client does not give back a capability that another waits for.",
        "Find the client in `ceph health detail`; it hangs, or is cut off. Evict it if it stays.",
    ),
    (
        "MDS_CLIENT_OLDEST_TID",
        _WARN,
        "A client does not say which of its requests are done, so the MDS must remember them all.",
        "Update or remount the client that `ceph health detail` names.",
    ),
    (
        "MDS_CLIENTS_LAGGY",
        _WARN,
        "Clients are late because OSDs are, so they are not evicted.",
        "Look at the OSDs first.",
    ),
    (
        "MDS_CLIENTS_BROKEN_ROOTSQUASH",
        _ERR,
        "A client with root_squash can lose writes because it is too old for it.",
        "Update that client, or take root_squash from its capabilities.",
    ),
    (
        "MDS_ESTIMATED_REPLAY_TIME",
        _WARN,
        "An MDS replays a long journal before it can serve.",
        "Wait for the time that `ceph health detail` estimates.",
    ),
    (
        "MDS_LAGGY",
        _WARN,
        "An MDS has not told the monitors for a while that it lives.",
        "See whether its pod is starved of CPU or memory.",
    ),
    url=CEPHFS_MESSAGES,
)

ALIASES = {
    **{
        f"{code}_MANY": code
        for code in ("MDS_CLIENT_RECALL", "MDS_CLIENT_LATE_RELEASE", "MDS_CLIENT_OLDEST_TID")
    },
    "MDS_HEALTH_DAMAGE": "MDS_DAMAGE",
    "MDS_HEALTH_TRIM": "MDS_TRIM",
    "MDS_HEALTH_READ_ONLY": "MDS_READ_ONLY",
    "MDS_HEALTH_SLOW_REQUEST": "MDS_SLOW_REQUEST",
    "MDS_HEALTH_SLOW_METADATA_IO": "MDS_SLOW_METADATA_IO",
    "MDS_HEALTH_CACHE_OVERSIZED": "MDS_CACHE_OVERSIZED",
    "MDS_HEALTH_CLIENT_RECALL": "MDS_CLIENT_RECALL",
    "MDS_HEALTH_CLIENT_RECALL_MANY": "MDS_CLIENT_RECALL",
    "MDS_HEALTH_CLIENT_LATE_RELEASE": "MDS_CLIENT_LATE_RELEASE",
    "MDS_HEALTH_CLIENT_LATE_RELEASE_MANY": "MDS_CLIENT_LATE_RELEASE",
    "MDS_HEALTH_CLIENT_OLDEST_TID": "MDS_CLIENT_OLDEST_TID",
    "MDS_HEALTH_CLIENT_OLDEST_TID_MANY": "MDS_CLIENT_OLDEST_TID",
    "MDS_HEALTH_CLIENTS_LAGGY_MANY": "MDS_CLIENTS_LAGGY",
    "MDS_HEALTH_CLIENTS_BROKEN_ROOTSQUASH": "MDS_CLIENTS_BROKEN_ROOTSQUASH",
}
"""The documentation's names, and plurals, of codes that are raised under another."""
