"""What the `ceph` tool answers about health and OSDs, as far as it is used.

Field names are those of `ceph … -f json`. Every field has a default, because releases from
Pacific (16) on add and drop some; what is wrong in type is a `BadAnswer`.
"""

from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of everything decoded from `ceph … -f json`: unknown fields are ignored."""


class Message(Told, frozen=True):
    """One line of a health check."""

    message: str = ""
    count: int = 0


class HealthCheck(Told, frozen=True):
    """One raised code."""

    severity: str = ""
    """`HEALTH_WARN` or `HEALTH_ERR`."""
    summary: Message = msgspec.field(default_factory=Message)
    detail: list[Message] = msgspec.field(default_factory=list[Message])
    """Empty in `ceph status`; at most `mon_health_max_detail` (50) lines in `ceph health detail`."""
    muted: bool = False


class Mute(Told, frozen=True):
    """A code that somebody silenced."""

    code: str = ""
    sticky: bool = False
    ttl: str = ""
    summary: str = ""


class Health(Told, frozen=True):
    """`ceph health detail`."""

    status: str = ""
    checks: dict[str, HealthCheck] = msgspec.field(default_factory=dict[str, HealthCheck])
    mutes: list[Mute] = msgspec.field(default_factory=list[Mute])


class StateCount(Told, frozen=True):
    """PGs in one state, e.g. `active+undersized+degraded`."""

    state_name: str = ""
    count: int = 0


class PgMap(Told, frozen=True):
    """`ceph status`' summary of PGs; absent counters are 0."""

    pgs_by_state: list[StateCount] = msgspec.field(default_factory=list[StateCount])
    num_pgs: int = 0
    num_pools: int = 0
    num_objects: int = 0
    data_bytes: int = 0
    bytes_used: int = 0
    bytes_avail: int = 0
    bytes_total: int = 0
    degraded_objects: int = 0
    degraded_total: int = 0
    degraded_ratio: float = 0.0
    misplaced_objects: int = 0
    misplaced_total: int = 0
    misplaced_ratio: float = 0.0
    unfound_objects: int = 0
    inactive_pgs_ratio: float = 0.0
    recovering_objects_per_sec: int = 0
    recovering_bytes_per_sec: int = 0
    read_bytes_sec: int = 0
    write_bytes_sec: int = 0
    read_op_per_sec: int = 0
    write_op_per_sec: int = 0


class OsdSummary(Told, frozen=True):
    """How many OSDs there are, up and in."""

    epoch: int = 0
    num_osds: int = 0
    num_up_osds: int = 0
    num_in_osds: int = 0
    num_remapped_pgs: int = 0
    osd_up_since: int = 0
    """Unix time at which an OSD last came up or went down."""
    osd_in_since: int = 0
    """Unix time at which an OSD last went in or out."""


class MgrSummary(Told, frozen=True):
    """Whether a manager is active."""

    available: bool = True
    num_standbys: int = 0


class MonSummary(Told, frozen=True):
    """How many monitors the monmap has."""

    epoch: int = 0
    num_mons: int = 0
    min_mon_release_name: str = ""


class ProgressEvent(Told, frozen=True):
    """What the manager's progress module says of one recovery."""

    message: str = ""
    progress: float = 0.0


class Status(Told, frozen=True):
    """`ceph status`."""

    fsid: str = ""
    health: Health = msgspec.field(default_factory=Health)
    quorum_names: list[str] = msgspec.field(default_factory=list[str])
    quorum_age: int = 0
    """Seconds."""
    monmap: MonSummary = msgspec.field(default_factory=MonSummary)
    osdmap: OsdSummary = msgspec.field(default_factory=OsdSummary)
    pgmap: PgMap = msgspec.field(default_factory=PgMap)
    mgrmap: MgrSummary = msgspec.field(default_factory=MgrSummary)
    progress_events: dict[str, ProgressEvent] = msgspec.field(default_factory=dict[str, ProgressEvent])


class CrushNode(Told, frozen=True):
    """A bucket (negative id) or an OSD of `ceph osd tree`."""

    id: int = 0
    name: str = ""
    type: str = ""
    type_id: int = 0
    device_class: str = ""
    crush_weight: float = 0.0
    reweight: float = 0.0
    primary_affinity: float = 1.0
    status: str = ""
    exists: int = 1
    children: list[int] = msgspec.field(default_factory=list[int])


class Tree(Told, frozen=True):
    """`ceph osd tree`."""

    nodes: list[CrushNode] = msgspec.field(default_factory=list[CrushNode])
    stray: list[CrushNode] = msgspec.field(default_factory=list[CrushNode])


class OsdUse(Told, frozen=True):
    """One OSD of `ceph osd df`."""

    id: int = 0
    device_class: str = ""
    reweight: float = 0.0
    kb: int = 0
    kb_used: int = 0
    kb_used_data: int = 0
    kb_used_omap: int = 0
    kb_used_meta: int = 0
    kb_avail: int = 0
    utilization: float = 0.0
    """Percent of `kb`."""
    pgs: int = 0
    status: str = ""


class OsdDf(Told, frozen=True):
    """`ceph osd df`."""

    nodes: list[OsdUse] = msgspec.field(default_factory=list[OsdUse])
    stray: list[OsdUse] = msgspec.field(default_factory=list[OsdUse])


class OsdEntry(Told, frozen=True):
    """One OSD of `ceph osd dump`."""

    osd: int = 0
    uuid: str = ""
    up: int = 0
    in_: int = msgspec.field(default=0, name="in")
    weight: float = 0.0
    up_from: int = 0
    down_at: int = 0
    state: list[str] = msgspec.field(default_factory=list[str])


class PoolEntry(Told, frozen=True):
    """One pool of `ceph osd dump`."""

    pool: int = 0
    pool_name: str = ""
    type: int = 1
    """1 is replicated, 3 erasure-coded."""
    size: int = 0
    min_size: int = 0
    crush_rule: int = 0
    pg_num: int = 0
    pg_num_target: int = 0
    pg_autoscale_mode: str = ""
    flags_names: str = ""
    quota_max_bytes: int = 0
    quota_max_objects: int = 0
    tier_of: int = -1
    application_metadata: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])

    @property
    def erasure_coded(self) -> bool:
        """Whether `size` counts chunks and not copies."""
        return self.type == 3

    @property
    def flags(self) -> set[str]:
        """`nearfull`, `backfillfull`, `full`, `full_quota` and the like."""
        return set(self.flags_names.split(","))


class OsdDump(Told, frozen=True):
    """`ceph osd dump`. The ratios are the live ones."""

    epoch: int = 0
    fsid: str = ""
    flags_set: list[str] = msgspec.field(default_factory=list[str])
    crush_node_flags: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])
    device_class_flags: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])
    full_ratio: float = 0.95
    backfillfull_ratio: float = 0.90
    nearfull_ratio: float = 0.85
    require_osd_release: str = ""
    pools: list[PoolEntry] = msgspec.field(default_factory=list[PoolEntry])
    osds: list[OsdEntry] = msgspec.field(default_factory=list[OsdEntry])


class PgStats(Told, frozen=True):
    """Counters of one PG."""

    num_bytes: int = 0
    num_objects: int = 0
    num_objects_degraded: int = 0
    num_objects_misplaced: int = 0
    num_objects_unfound: int = 0
    num_scrub_errors: int = 0


class Pg(Told, frozen=True):
    """One PG of `ceph pg ls STATE`."""

    pgid: str = ""
    state: str = ""
    up: list[int] = msgspec.field(default_factory=list[int])
    acting: list[int] = msgspec.field(default_factory=list[int])
    acting_primary: int = -1
    blocked_by: list[int] = msgspec.field(default_factory=list[int])
    last_active: str = ""
    last_scrub_stamp: str = ""
    last_deep_scrub_stamp: str = ""
    stat_sum: PgStats = msgspec.field(default_factory=PgStats)


class PgList(Told, frozen=True):
    """`ceph pg ls STATE`."""

    pg_stats: list[Pg] = msgspec.field(default_factory=list[Pg])
