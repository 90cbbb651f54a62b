"""Codes about OSDs, their stores and their devices."""

from opskit.core.findings import Severity
from opskit.systems.rook.code import Code, documented

_INFO, _WARN, _ERR, _CRIT = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL

OSD: tuple[Code, ...] = documented(
    "OSD",
    (
        "OSD_DOWN",
        _WARN,
        "An OSD does not answer: its process, its host or the network between is gone.",
        "See why the pod of that OSD does not run.",
    ),
    (
        "OSD_ORPHAN",
        _WARN,
        "The CRUSH map names an OSD that does not exist.",
        "Remove it: `ceph osd crush rm osd.ID`.",
    ),
    (
        "OSD_UNREACHABLE",
        _ERR,
        "An OSD's address is outside the public network that the cluster is told to use.",
        "Compare `ceph osd dump` with `public_network`; Rook's network settings decide both.",
    ),
    (
        "OSD_OUT_OF_ORDER_FULL",
        _ERR,
        "The ratios nearfull, backfillfull, full and failsafe are not in ascending order.",
        "Set them right with `ceph osd set-nearfull-ratio` and its sisters.",
    ),
    (
        "OSD_FULL",
        _CRIT,
        "An OSD is over the full ratio: every pool that uses it refuses writes.",
        "Delete data or add OSDs; only as a bridge, raise the full ratio by a percent.",
    ),
    (
        "OSD_BACKFILLFULL",
        _WARN,
        "An OSD is over the backfillfull ratio and takes no more backfills, so recovery may stall.",
        "Add OSDs or delete data before the next failure; see whether one OSD is fuller than its peers.",
    ),
    (
        "OSD_NEARFULL",
        _WARN,
        "An OSD is over the nearfull ratio.",
        "See which pool grows; add OSDs or delete data; see whether the balancer is on.",
    ),
    (
        "OSDMAP_FLAGS",
        _WARN,
        "A flag is set for the whole cluster that stops part of what Ceph does by itself.",
        "Find out who set it; unset it with `ceph osd unset FLAG` if nobody needs it.",
    ),
    (
        "OSD_FLAGS",
        _WARN,
        "OSDs, hosts or device classes bear a flag that stops part of what Ceph does by itself.",
        "Find out who set it; unset it with `ceph osd unset-group FLAG WHO` if nobody needs it.",
    ),
    (
        "OLD_CRUSH_TUNABLES",
        _WARN,
        "The CRUSH map follows rules of an old release, which place data less well.",
        "Plan `ceph osd crush tunables optimal`: it moves data and needs clients that know them.",
    ),
    (
        "OLD_CRUSH_STRAW_CALC_VERSION",
        _WARN,
        "Weights of straw buckets are computed in the old, imprecise way.",
        "Plan `ceph osd crush set-tunable straw_calc_version 1`: it moves some data.",
    ),
    (
        "CACHE_POOL_NO_HIT_SET",
        _WARN,
        "A cache pool keeps no record of hits, so it can't tell what to evict.",
        "Set `hit_set_type` and its sisters on the pool, or take the cache tier away.",
    ),
    (
        "OSD_NO_SORTBITWISE",
        _WARN,
        "The flag `sortbitwise` is not set, which OSDs of every present release need.",
        "Run `ceph osd set sortbitwise`.",
    ),
    (
        "OSD_FILESTORE",
        _WARN,
        "OSDs still use FileStore, which Reef no longer runs.",
        "Replace them one by one by BlueStore OSDs before the next upgrade.",
    ),
    (
        "OSD_SLOW_PING_TIME_BACK",
        _WARN,
        "Heartbeats between OSDs on the cluster network take longer than a second.",
        "Look for loss or congestion between the hosts that `ceph health detail` names.",
    ),
    (
        "OSD_SLOW_PING_TIME_FRONT",
        _WARN,
        "Heartbeats between OSDs on the public network take longer than a second.",
        "Look for loss or congestion between the hosts that `ceph health detail` names.",
    ),
    (
        "OSD_UPGRADE_FINISHED",
        _WARN,
        "All OSDs run a newer release than the map requires, so its features stay off.",
        "Finish the upgrade: `ceph osd require-osd-release RELEASE`.",
    ),
    (
        "TOO_FEW_OSDS",
        _WARN,
        "There are fewer OSDs than copies that a pool wants by default.",
        "Add OSDs.",
    ),
    (
        "OSD_TOO_MANY_REPAIRS",
        _WARN,
        "An OSD had to mend many reads from another copy: its disk probably fails silently.",
        "Look at the disk's SMART values; plan to replace the OSD.",
    ),
)

BLUESTORE: tuple[Code, ...] = documented(
    "OSD",
    (
        "BLUEFS_SPILLOVER",
        _WARN,
        "Metadata no longer fits on the fast device and spills onto the slow one.",
        "Plan larger `metadataDevice` shares for that OSD; compacting it may help for a while.",
    ),
    (
        "BLUEFS_AVAILABLE_SPACE",
        _INFO,
        "Ceph reports how much space BlueFS can still take from BlueStore.",
        "Nothing, unless BLUEFS_LOW_SPACE is raised too.",
    ),
    (
        "BLUEFS_LOW_SPACE",
        _WARN,
        "BlueFS is short of space, and BlueStore has little that it could give.",
        "Free space on that OSD, or replace it by one with a larger metadata device.",
    ),
    (
        "BLUESTORE_FRAGMENTATION",
        _WARN,
        "Free space on an OSD is so broken up that it slows down and may fail to allocate.",
        "Watch its score; replacing the OSD heals it.",
    ),
    (
        "BLUESTORE_FREE_FRAGMENTATION",
        _WARN,
        "Free space on an OSD is so broken up that it slows down and may fail to allocate.",
        "Watch its score; replacing the OSD heals it.",
    ),
    (
        "BLUESTORE_LEGACY_STATFS",
        _INFO,
        "OSDs made before Nautilus don't count usage by pool.",
        "Repair their stores one OSD at a time, or replace them in due course.",
    ),
    (
        "BLUESTORE_NO_PER_POOL_OMAP",
        _INFO,
        "OSDs made before Octopus don't count omap by pool, so those figures are estimates.",
        "Repair their stores one OSD at a time, or replace them in due course.",
    ),
    (
        "BLUESTORE_NO_PER_PG_OMAP",
        _INFO,
        "OSDs made before Pacific keep omap in a form in which PGs are deleted slowly.",
        "Repair their stores one OSD at a time, or replace them in due course.",
    ),
    (
        "BLUESTORE_DISK_SIZE_MISMATCH",
        _ERR,
        "An OSD's own record of its device's size is wrong; it may crash when it writes beyond the end.",
        "Replace that OSD, one at a time.",
    ),
    (
        "BLUESTORE_NO_COMPRESSION",
        _WARN,
        "An OSD can't load its compression plug-in.",
        "Restart the OSD on the right image; compare `ceph versions`.",
    ),
    (
        "BLUESTORE_SPURIOUS_READ_ERRORS",
        _WARN,
        "Reads of a device failed and succeeded when repeated.",
        "Look at the disk, its controller and the kernel log of that host.",
    ),
    (
        "BLUESTORE_SLOW_OP_ALERT",
        _WARN,
        "BlueStore logged operations that took seconds: the drive may be about to fail.",
        "Look at the drive's SMART values and at `ceph osd perf`.",
    ),
    (
        "BLOCK_DEVICE_STALLED_READ_ALERT",
        _WARN,
        "Reads of an OSD's main device stalled.",
        "Look at the drive's SMART values and the host's kernel log.",
    ),
    (
        "WAL_DEVICE_STALLED_READ_ALERT",
        _WARN,
        "Reads of an OSD's WAL device stalled.",
        "Look at the drive's SMART values; every OSD that shares it suffers.",
    ),
    (
        "DB_DEVICE_STALLED_READ_ALERT",
        _WARN,
        "Reads of an OSD's DB device stalled.",
        "Look at the drive's SMART values; every OSD that shares it suffers.",
    ),
)

DEVICE: tuple[Code, ...] = documented(
    "device health",
    (
        "DEVICE_HEALTH",
        _WARN,
        "A device is expected to fail soon.",
        "Replace the OSD on it while its data can still be read.",
    ),
    (
        "DEVICE_HEALTH_IN_USE",
        _WARN,
        "A device that is expected to fail was taken out, yet PGs still use it.",
        "See what keeps its data from moving: full OSDs, or no other host that CRUSH may use.",
    ),
    (
        "DEVICE_HEALTH_TOOMANY",
        _ERR,
        "So many devices are expected to fail that taking them all out would leave too few.",
        "Add OSDs, then replace the failing ones one by one.",
    ),
)
