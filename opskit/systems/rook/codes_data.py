"""Codes about pools and placement groups."""

from opskit.core.findings import Severity
from opskit.systems.rook.code import Code, documented

_INFO, _WARN, _ERR, _CRIT = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL

DATA: tuple[Code, ...] = documented(
    "data health",
    (
        "PG_AVAILABILITY",
        _ERR,
        "Some PGs can't serve reads or writes: clients that need them hang.",
        "Bring the OSDs back that these PGs wait for: `ceph pg PGID query`, `blocked_by`.",
    ),
    (
        "PG_DEGRADED",
        _WARN,
        "Some data has fewer copies than its pool wants.",
        "See which OSD is missing; watch that recovery goes on.",
    ),
    (
        "PG_RECOVERY_FULL",
        _ERR,
        "Recovery can't go on because an OSD that should take data is full.",
        "Free or add space: see OSD_FULL.",
    ),
    (
        "PG_BACKFILL_FULL",
        _WARN,
        "Rebalancing can't go on because an OSD that should take data is over backfillfull.",
        "Free or add space: see OSD_BACKFILLFULL.",
    ),
    (
        "PG_DAMAGED",
        _ERR,
        "Scrubbing found copies of objects that differ.",
        "See whose copy is wrong (`rados list-inconsistent-obj PGID`) and why, then repair the PG.",
    ),
    (
        "OSD_SCRUB_ERRORS",
        _ERR,
        "Scrubs counted errors; PG_DAMAGED says in which PGs.",
        "See PG_DAMAGED.",
    ),
    (
        "LARGE_OMAP_OBJECTS",
        _WARN,
        "An object has so many keys that its PG recovers and scrubs slowly; mostly a bucket index of RGW.",
        "Find it in the cluster log (`Large omap object found`); reshard that bucket.",
    ),
    (
        "CACHE_POOL_NEAR_FULL",
        _WARN,
        "A cache pool is close to its target size and will block writes while it flushes.",
        "Raise the target, or see what slows its flushing.",
    ),
    (
        "TOO_FEW_PGS",
        _WARN,
        "There are so few PGs for an OSD that data spreads unevenly.",
        "Let the autoscaler work, or raise `pg_num` of the largest pool.",
    ),
    (
        "TOO_MANY_PGS",
        _WARN,
        "There are more PGs for an OSD than `mon_max_pg_per_osd`: no pool can be made or widened.",
        "Let the autoscaler merge PGs, take OSDs in that are out, or add OSDs.",
    ),
    (
        "POOL_PG_NUM_NOT_POWER_OF_TWO",
        _INFO,
        "A pool's `pg_num` is no power of two, so some PGs hold twice as much as others.",
        "Set `pg_num` to the next power of two.",
    ),
    (
        "POOL_TOO_FEW_PGS",
        _WARN,
        "The autoscaler, told only to warn, would give a pool more PGs.",
        "Turn `pg_autoscale_mode` on for it, or set `pg_num`.",
    ),
    (
        "POOL_TOO_MANY_PGS",
        _WARN,
        "The autoscaler, told only to warn, would give a pool fewer PGs.",
        "Turn `pg_autoscale_mode` on for it, or set `pg_num`.",
    ),
    (
        "POOL_TARGET_SIZE_BYTES_OVERCOMMITTED",
        _WARN,
        "Pools are told to expect more bytes than there are.",
        "Lower `target_size_bytes`.",
    ),
    (
        "POOL_TARGET_SIZE_RATIO_OVERCOMMITTED",
        _WARN,
        "Pools are told to expect more than the whole cluster between them.",
        "Lower `target_size_ratio`.",
    ),
    (
        "POOL_HAS_TARGET_SIZE_BYTES_AND_RATIO",
        _INFO,
        "A pool has both an expected size and an expected share; the share wins.",
        "Set one of the two to 0.",
    ),
    (
        "SMALLER_PGP_NUM",
        _WARN,
        "A pool was split into more PGs, but they still lie where the old ones lay.",
        "Set `pgp_num` to `pg_num`: data will move.",
    ),
    (
        "MANY_OBJECTS_PER_PG",
        _WARN,
        "A pool has many more objects for a PG than the others.",
        "Raise its `pg_num`, or let the autoscaler work.",
    ),
    (
        "POOL_APP_NOT_ENABLED",
        _WARN,
        "A pool holds objects, but nothing says which application they are of.",
        "Run `ceph osd pool application enable POOL APP`.",
    ),
    (
        "POOL_FULL",
        _ERR,
        "A pool has reached its quota, or the OSDs that it lies on are full: it refuses writes.",
        "See `ceph df detail`; raise the quota, delete data, or add OSDs.",
    ),
    (
        "POOL_NEAR_FULL",
        _WARN,
        "A pool comes close to its quota.",
        "See `ceph df detail`; raise the quota or delete data.",
    ),
    (
        "POOL_NEARFULL",
        _WARN,
        "A pool lies on an OSD that is over the nearfull ratio.",
        "See OSD_NEARFULL: one full OSD limits the whole pool.",
    ),
    (
        "POOL_BACKFILLFULL",
        _WARN,
        "A pool lies on an OSD that is over the backfillfull ratio.",
        "See OSD_BACKFILLFULL: one full OSD limits the whole pool.",
    ),
    (
        "POOL_NO_REDUNDANCY",
        _WARN,
        "A pool keeps one copy: the first disk that dies takes data with it.",
        "Raise its size (Rook: `replicated.size`), or accept it in writing for data that can be made again.",
    ),
    (
        "OBJECT_MISPLACED",
        _INFO,
        "Objects are whole but not where CRUSH wants them: data is moving.",
        "Wait; see the recovery figure.",
    ),
    (
        "OBJECT_UNFOUND",
        _CRIT,
        "Objects are known to exist in a version that no OSD that is up holds: requests for them hang.",
        "Bring back the OSD that was up last: `ceph pg PGID query`, `might_have_unfound`; give nothing up.",
    ),
    (
        "SLOW_OPS",
        _WARN,
        "Requests wait for longer than 30 s in an OSD or a monitor.",
        "Look at `ceph daemon osd.ID ops` for what they wait for, and at `ceph osd perf` for a slow disk.",
    ),
    (
        "PG_NOT_SCRUBBED",
        _WARN,
        "PGs are overdue for a scrub, so damage would be found late.",
        "See whether a flag forbids scrubs or recovery keeps PGs unclean; else allow more scrubs at once.",
    ),
    (
        "PG_NOT_DEEP_SCRUBBED",
        _WARN,
        "PGs are overdue for a deep scrub, so silent corruption would be found late.",
        "See whether a flag forbids deep scrubs; else allow more at once, or lengthen the interval.",
    ),
    (
        "PG_SLOW_SNAP_TRIMMING",
        _WARN,
        "Deleted snapshots are trimmed more slowly than they come.",
        "See whether many snapshots were deleted at once, and whether OSDs are overloaded.",
    ),
    (
        "INCORRECT_NUM_BUCKETS_STRETCH_MODE",
        _ERR,
        "Stretch mode needs exactly two sites, and CRUSH has another number of them.",
        "Make the CRUSH tree hold exactly two dividing buckets.",
    ),
    (
        "UNEVEN_WEIGHTS_STRETCH_MODE",
        _WARN,
        "The two sites of a stretched cluster differ in weight.",
        "Make the weights of both sites equal.",
    ),
    (
        "STRETCH_MODE_BUCKET_WEIGHT_IMBALANCE",
        _WARN,
        "The two sites of a stretched cluster differ in weight.",
        "Make the weights of both sites equal.",
    ),
    (
        "NONEXISTENT_MON_CRUSH_LOC_STRETCH_MODE",
        _ERR,
        "A monitor of a stretched cluster names a location that the CRUSH map lacks.",
        "Set the monitor's location to an existing bucket.",
    ),
    (
        "DEGRADED_STRETCH_MODE",
        _ERR,
        "A stretched cluster has lost a site and runs on the other alone.",
        "Bring the lost site back; until then nothing more may fail.",
    ),
    (
        "RECOVERING_STRETCH_MODE",
        _WARN,
        "The lost site of a stretched cluster is back and catches up.",
        "Wait until recovery is done.",
    ),
)
