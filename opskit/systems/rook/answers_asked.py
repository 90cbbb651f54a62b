"""What `ceph` answers to the narrow questions that guard a change, as far as it is used.

As in `answers`, every field that a release may lack has a default and unknown ones are ignored.
"""

import msgspec

from opskit.systems.rook.answers import Told


class OsdInfo(Told, frozen=True):
    """`ceph osd info N`."""

    osd: int
    uuid: str
    up: int
    in_: int = msgspec.field(name="in")


class OkToStop(Told, frozen=True):
    """`ceph osd ok-to-stop`."""

    ok_to_stop: bool
    num_ok_pgs: int = 0
    num_not_ok_pgs: int = 0
    bad_become_inactive: list[str] = msgspec.field(default_factory=list[str])
    bad_already_inactive: list[str] = msgspec.field(default_factory=list[str])


class SafeToDestroy(Told, frozen=True):
    """`ceph osd safe-to-destroy`. Its exit code says nothing: the lists do."""

    safe_to_destroy: list[int] = msgspec.field(default_factory=list[int])
    active: list[int] = msgspec.field(default_factory=list[int])
    """PGs still map to these."""
    missing_stats: list[int] = msgspec.field(default_factory=list[int])
    """These report nothing while not all PGs are active+clean."""
    stored_pgs: list[int] = msgspec.field(default_factory=list[int])
    """These still hold PGs on disk."""


class ScrubCounters(Told, frozen=True):
    """What scrubs counted in a PG."""

    num_scrub_errors: int = 0
    num_objects_repaired: int = 0


class ScrubStats(Told, frozen=True):
    """When a PG was scrubbed, and what was found."""

    last_deep_scrub_stamp: str = ""
    stat_sum: ScrubCounters = msgspec.field(default_factory=ScrubCounters)


class PgInfo(Told, frozen=True):
    """`info` of `ceph pg PGID query`."""

    stats: ScrubStats = msgspec.field(default_factory=ScrubStats)


class PgQuery(Told, frozen=True):
    """`ceph pg PGID query`: asked of the primary itself."""

    state: str = ""
    acting: list[int] = msgspec.field(default_factory=list[int])
    info: PgInfo = msgspec.field(default_factory=PgInfo)


class DamagedObject(Told, frozen=True):
    """The name of an object in a pool."""

    name: str = ""
    nspace: str = ""
    locator: str = ""
    snap: str | int = ""


class Shard(Told, frozen=True):
    """One copy (or chunk) of a damaged object."""

    osd: int = -1
    primary: bool = False
    shard: int | None = None
    """Which chunk; None for replicas."""
    errors: list[str] = msgspec.field(default_factory=list[str])
    """`data_digest_mismatch_info`, `size_mismatch_info`, `read_error`, `missing`, …"""
    size: int | None = None
    data_digest: str = ""
    omap_digest: str = ""


class Inconsistent(Told, frozen=True):
    """One damaged object of `rados list-inconsistent-obj PGID`."""

    object: DamagedObject = msgspec.field(default_factory=DamagedObject)
    errors: list[str] = msgspec.field(default_factory=list[str])
    """How copies differ from each other."""
    union_shard_errors: list[str] = msgspec.field(default_factory=list[str])
    shards: list[Shard] = msgspec.field(default_factory=list[Shard])


class InconsistentList(Told, frozen=True):
    """`rados list-inconsistent-obj PGID`."""

    epoch: int = 0
    inconsistents: list[Inconsistent] = msgspec.field(default_factory=list[Inconsistent])
