"""What the `ceph` tool answers about daemons, pools, devices, crashes and its own log.

As in `answers`, every field has a default and unknown ones are ignored.
"""

from typing import Any

import msgspec

from opskit.systems.rook.answers import Told


class PoolUse(Told, frozen=True):
    """Bytes and objects of one pool."""

    stored: int = 0
    """Bytes that clients wrote."""
    objects: int = 0
    bytes_used: int = 0
    """Bytes on disks, copies included."""
    percent_used: float = 0.0
    """Share of what the pool could hold, 0 to 1."""
    max_avail: int = 0
    """Bytes that clients can still write."""
    quota_bytes: int = 0
    quota_objects: int = 0


class PoolDf(Told, frozen=True):
    """One pool of `ceph df detail`."""

    name: str = ""
    id: int = 0
    stats: PoolUse = msgspec.field(default_factory=PoolUse)


class ClusterUse(Told, frozen=True):
    """Raw capacity in bytes."""

    total_bytes: int = 0
    total_avail_bytes: int = 0
    total_used_raw_bytes: int = 0
    total_used_raw_ratio: float = 0.0


class Df(Told, frozen=True):
    """`ceph df detail`."""

    stats: ClusterUse = msgspec.field(default_factory=ClusterUse)
    stats_by_class: dict[str, ClusterUse] = msgspec.field(default_factory=dict[str, ClusterUse])
    pools: list[PoolDf] = msgspec.field(default_factory=list[PoolDf])


class Mon(Told, frozen=True):
    """One monitor of the monmap."""

    rank: int = 0
    name: str = ""
    public_addr: str = ""


class MonDump(Told, frozen=True):
    """`ceph mon dump`: the monmap and who is in quorum (by rank)."""

    epoch: int = 0
    min_mon_release_name: str = ""
    mons: list[Mon] = msgspec.field(default_factory=list[Mon])
    quorum: list[int] = msgspec.field(default_factory=list[int])


class Skew(Told, frozen=True):
    """One monitor's clock against the leader's."""

    skew: float = 0.0
    """Seconds; positive is ahead of the leader."""
    latency: float = 0.0
    health: str = ""


class TimeChecks(Told, frozen=True):
    """A round of clock checks."""

    round: int = 0
    round_status: str = ""


class TimeSync(Told, frozen=True):
    """`ceph time-sync-status`; `time_skew_status` is absent with a single monitor."""

    time_skew_status: dict[str, Skew] = msgspec.field(default_factory=dict[str, Skew])
    timechecks: TimeChecks = msgspec.field(default_factory=TimeChecks)


Versions = dict[str, dict[str, int]]
"""`ceph versions`: daemon type → version string → count; `overall` sums them."""


class Standby(Told, frozen=True):
    """A manager in reserve."""

    name: str = ""


class MgrDump(Told, frozen=True):
    """`ceph mgr dump`."""

    active_name: str = ""
    active_change: str = ""
    available: bool = False
    standbys: list[Standby] = msgspec.field(default_factory=list[Standby])
    modules: list[str] = msgspec.field(default_factory=list[str])


class MdsInfo(Told, frozen=True):
    """One MDS."""

    gid: int = 0
    name: str = ""
    rank: int = -1
    state: str = ""
    """`up:active`, `up:replay`, `up:standby`, …"""


class MdsMap(Told, frozen=True):
    """The MDS of one filesystem. Ranks are numbers."""

    fs_name: str = ""
    max_mds: int = 1
    in_: list[int] = msgspec.field(default_factory=list[int], name="in")
    up: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    failed: list[int] = msgspec.field(default_factory=list[int])
    damaged: list[int] = msgspec.field(default_factory=list[int])
    info: dict[str, MdsInfo] = msgspec.field(default_factory=dict[str, MdsInfo])
    standby_count_wanted: int = 0
    metadata_pool: int = 0
    data_pools: list[int] = msgspec.field(default_factory=list[int])


class Filesystem(Told, frozen=True):
    """One filesystem of `ceph fs dump`."""

    id: int = 0
    mdsmap: MdsMap = msgspec.field(default_factory=MdsMap)


class FsDump(Told, frozen=True):
    """`ceph fs dump`."""

    epoch: int = 0
    standbys: list[MdsInfo] = msgspec.field(default_factory=list[MdsInfo])
    filesystems: list[Filesystem] = msgspec.field(default_factory=list[Filesystem])


class DeviceLocation(Told, frozen=True):
    """Where a device sits."""

    host: str = ""
    dev: str = ""


class Device(Told, frozen=True):
    """One device of `ceph device ls`."""

    devid: str = ""
    location: list[DeviceLocation] = msgspec.field(default_factory=list[DeviceLocation])
    daemons: list[str] = msgspec.field(default_factory=list[str])
    life_expectancy_min: str = ""
    life_expectancy_max: str = ""
    wear_level: float | None = None
    """Share of its writes that a flash device has used up, 0 to 1."""


class Crash(Told, frozen=True):
    """One crash of `ceph crash ls`."""

    crash_id: str = ""
    entity_name: str = ""
    """`osd.3`, `mon.a`, …"""
    timestamp: str = ""
    ceph_version: str = ""
    utsname_hostname: str = ""
    assert_msg: str = ""
    assert_func: str = ""
    archived: str = ""
    """When it was acknowledged; empty while it is new."""
    backtrace: list[Any] = msgspec.field(default_factory=list[Any])


class Latency(Told, frozen=True):
    """Milliseconds, averaged by the OSD over its last report."""

    commit_latency_ms: float = 0.0
    apply_latency_ms: float = 0.0


class OsdLatency(Told, frozen=True):
    """One OSD of `ceph osd perf`."""

    id: int = 0
    perf_stats: Latency = msgspec.field(default_factory=Latency)


class OsdLatencies(Told, frozen=True):
    """The inner part of `ceph osd perf`."""

    osd_perf_infos: list[OsdLatency] = msgspec.field(default_factory=list[OsdLatency])


class OsdPerf(Told, frozen=True):
    """`ceph osd perf`."""

    osdstats: OsdLatencies = msgspec.field(default_factory=OsdLatencies)


class RuleStep(Told, frozen=True):
    """One step of a CRUSH rule."""

    op: str = ""
    item: int = 0
    item_name: str = ""
    type: str = ""
    num: int = 0


class Rule(Told, frozen=True):
    """One rule of `ceph osd crush rule dump`."""

    rule_id: int = 0
    rule_name: str = ""
    steps: list[RuleStep] = msgspec.field(default_factory=list[RuleStep])


class LogLine(Told, frozen=True):
    """One line of `ceph log last`."""

    name: str = ""
    stamp: str = ""
    channel: str = ""
    priority: str = ""
    message: str = ""


class OsdMetadata(Told, frozen=True):
    """One OSD of `ceph osd metadata`."""

    id: int = 0
    hostname: str = ""
    devices: str = ""
    device_ids: str = ""
    ceph_version_short: str = ""
    osd_objectstore: str = ""
    rotational: str = ""
