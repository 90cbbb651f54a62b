"""Frames of the CRUSH tree, latencies, the capacity forecast and recovery."""

from collections.abc import Iterator
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd

from opskit.core.errors import BadValue
from opskit.core.parts import known
from opskit.systems.rook import answers as ceph
from opskit.systems.rook import answers_daemons as daemons
from opskit.systems.rook import inventory
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.frames import Columns, table
from opskit.systems.rook.sources import Growth

DAY = 86_400
OUTLIER_SCORE = 8.0
"""Robust deviations from the median at which an OSD's latency is an outlier."""
OUTLIER_MS = 20.0
"""Below this many milliseconds no OSD is slow, however fast its peers are."""

CRUSH: Columns = {
    "id": "int64",
    "name": "str",
    "type": "str",
    "parent": "str",
    "depth": "int64",
    "weight": "float64",
    "osds": "int64",
    "up": "int64",
    "bytes": "int64",
    "used": "int64",
    "utilization": "float64",
}


def crush(facts: Facts) -> pd.DataFrame:
    """The CRUSH tree, buckets before what they hold.

    Returns:
        id (int64, negative for buckets), name, type (str), parent (str, "" for a root), depth (int64),
        weight (float64, usually TiB), osds, up (int64, below it), bytes, used (int64, bytes),
        utilization (float64, 0 to 1).

    """
    tree = known(facts.tree, ceph.Tree())
    nodes = {node.id: node for node in tree.nodes if "~" not in node.name}
    above = inventory.parents(tree)
    sums = _sums(facts, nodes, above)
    roots = [node.id for node in nodes.values() if node.id not in above]
    return table(
        (
            _crush_row(nodes[id_], above[id_].name if id_ in above else "", depth, sums[id_])
            for id_, depth in _descend(roots, nodes)
        ),
        CRUSH,
    )


def _descend(roots: list[int], nodes: dict[int, ceph.CrushNode]) -> Iterator[tuple[int, int]]:
    waiting = [(id_, 0) for id_ in reversed(roots)]
    seen: set[int] = set()
    while waiting:
        id_, depth = waiting.pop()
        if id_ in nodes and id_ not in seen:
            seen.add(id_)
            yield id_, depth
            waiting += [(child, depth + 1) for child in reversed(nodes[id_].children)]


def _sums(
    facts: Facts, nodes: dict[int, ceph.CrushNode], above: dict[int, ceph.CrushNode]
) -> dict[int, list[float]]:
    sums = {id_: [0.0, 0.0, 0.0, 0.0, 0.0] for id_ in nodes}
    for id_, node in nodes.items():
        if id_ < 0 or (osd := facts.osds.get(id_)) is None:
            continue
        mine = (node.crush_weight, 1, osd.up, osd.bytes_total, osd.bytes_used)
        at: int | None = id_
        while at is not None and at in sums:
            sums[at] = [a + b for a, b in zip(sums[at], mine, strict=True)]
            at = above[at].id if at in above else None
    return sums


def _crush_row(node: ceph.CrushNode, parent: str, depth: int, sums: list[float]) -> tuple[Any, ...]:
    weight, osds, up, size, used = sums
    share = used / size if size else 0.0
    return node.id, node.name, node.type, parent, depth, weight, osds, up, size, used, share


LATENCY: Columns = {
    "osd": "int64",
    "host": "str",
    "device_class": "str",
    "commit_ms": "float64",
    "apply_ms": "float64",
    "median_ms": "float64",
    "score": "float64",
    "outlier": "bool",
}


def latency(facts: Facts) -> pd.DataFrame:
    """Commit latency of every OSD that is up, the slowest first.

    An outlier is at least `OUTLIER_SCORE` robust deviations above the median of its device class, three
    times that median, and `OUTLIER_MS`.

    Returns:
        osd (int64), host, device_class (str), commit_ms, apply_ms, median_ms (float64, milliseconds;
        the median of its class), score (float64, robust deviations), outlier (bool).

    """
    rows = [
        (
            each.id,
            osd.host,
            osd.device_class,
            each.perf_stats.commit_latency_ms,
            each.perf_stats.apply_latency_ms,
        )
        for each in known(facts.perf, daemons.OsdPerf()).osdstats.osd_perf_infos
        if (osd := facts.osds.get(each.id)) is not None and osd.up
    ]
    found = pd.DataFrame(rows, columns=list(LATENCY)[:5])
    found["commit_ms"] = found["commit_ms"].astype("float64")
    classes = found.groupby("device_class")["commit_ms"]
    found["median_ms"] = classes.transform("median")
    away = (found["commit_ms"] - found["median_ms"]).abs()
    spread = away.groupby(found["device_class"]).transform("median").to_numpy(dtype="float64")
    found["score"] = (found["commit_ms"] - found["median_ms"]) / np.maximum(1.4826 * spread, 1.0)
    found["outlier"] = (
        (found["score"] >= OUTLIER_SCORE)
        & (found["commit_ms"] >= OUTLIER_MS)
        & (found["commit_ms"] >= 3 * found["median_ms"])
    )
    return found.astype(dict(LATENCY)).sort_values("commit_ms", ascending=False, ignore_index=True)


CAPACITY: Columns = {
    "kind": "str",
    "name": "str",
    "bytes": "int64",
    "used": "int64",
    "utilization": "float64",
    "growth_per_day": "float64",
    "days_to_nearfull": "float64",
    "days_to_full": "float64",
    "nearfull": "float64",
    "backfillfull": "float64",
    "full": "float64",
}


def capacity(facts: Facts, *, by: str = "osd") -> pd.DataFrame:
    """How full OSDs, hosts, pools or the cluster are, and when they will be if they go on as in the last day.

    Days count to the live ratios of the OSD map; a pool's end is when clients can write no more
    (`max_avail` is 0).

    Args:
        facts: the cluster's.
        by: `osd`, `host`, `pool` or `cluster`.

    Returns:
        kind, name (str), bytes, used (int64, bytes), utilization (float64, 0 to 1), growth_per_day
        (float64, bytes; NaN without history), days_to_nearfull, days_to_full (float64, days; 0 when
        passed, inf when it does not grow, NaN without history), nearfull, backfillfull, full (float64,
        the live ratios; for a pool only full, 1). The fullest first.

    Raises:
        BadValue: another `by`.

    """
    rows = {"osd": _osd_rows, "host": _host_rows, "pool": _pool_rows, "cluster": _cluster_rows}
    if by not in rows:
        raise BadValue(f"Capacity can't be shown by {by!r}.", hint=f"use one of {', '.join(rows)}")
    made = table(rows[by](facts), CAPACITY)
    return made.sort_values("utilization", ascending=False, ignore_index=True)


def _row(
    kind: str, name: str, size: int, used: int, rate: float | None, dump: ceph.OsdDump
) -> tuple[Any, ...]:
    """Rate in bytes per second."""
    share = used / size if size else 0.0
    daily = nan if rate is None else rate * DAY
    near = days_left(used, dump.nearfull_ratio * size, daily)
    full = days_left(used, dump.full_ratio * size, daily)
    ratios = (dump.nearfull_ratio, dump.backfillfull_ratio, dump.full_ratio)
    return kind, name, size, used, share, daily, near, full, *ratios


def days_left(used: float, limit: float, daily: float) -> float:
    """Days until `used` reaches `limit` at `daily` bytes a day: 0 when passed, inf when it never does."""
    if limit > 0 and used >= limit:
        return 0.0
    if daily != daily:
        return nan
    return (limit - used) / daily if daily > 0 and limit > 0 else inf


def _growth(facts: Facts) -> Growth:
    return known(facts.growth, Growth())


def _cluster_rows(facts: Facts) -> Iterator[tuple[Any, ...]]:
    stats = known(facts.df, daemons.Df()).stats
    dump = known(facts.osd_dump, ceph.OsdDump())
    if stats.total_bytes:
        used = stats.total_used_raw_bytes
        yield _row("cluster", "all OSDs", stats.total_bytes, used, _growth(facts).cluster, dump)


def _host_rows(facts: Facts) -> Iterator[tuple[Any, ...]]:
    rates, dump = _growth(facts).osds, known(facts.osd_dump, ceph.OsdDump())
    for host, osds in facts.hosts.items():
        known_rates = [rates[osd.name] for osd in osds if osd.name in rates]
        rate = sum(known_rates) if known_rates else None
        size, used = sum(osd.bytes_total for osd in osds), sum(osd.bytes_used for osd in osds)
        yield _row("host", host, size, used, rate, dump)


def _osd_rows(facts: Facts) -> Iterator[tuple[Any, ...]]:
    rates, dump = _growth(facts).osds, known(facts.osd_dump, ceph.OsdDump())
    for osd in facts.osds.values():
        yield _row("osd", osd.name, osd.bytes_total, osd.bytes_used, rates.get(osd.name), dump)


def _pool_rows(facts: Facts) -> Iterator[tuple[Any, ...]]:
    rates = _growth(facts).pools
    for pool in known(facts.df, daemons.Df()).pools:
        stored, total = pool.stats.stored, pool.stats.stored + pool.stats.max_avail
        rate = rates.get(str(pool.id))
        daily = nan if rate is None else rate * DAY
        left = days_left(stored, float(total), daily)
        share = stored / total if total else 0.0
        yield "pool", pool.name, total, stored, share, daily, left, left, nan, nan, 1.0


RECOVERY: Columns = {
    "what": "str",
    "objects": "int64",
    "total": "int64",
    "share": "float64",
    "objects_per_s": "float64",
    "bytes_per_s": "float64",
    "seconds_left": "float64",
}


def recovery(facts: Facts) -> pd.DataFrame:
    """What recovery has still to do, and how long that takes at the present rate.

    Returns:
        what (str: degraded, misplaced, unfound), objects, total (int64, object copies), share (float64,
        0 to 1), objects_per_s, bytes_per_s (float64), seconds_left (float64; NaN while nothing moves).

    """
    pgmap = known(facts.status, ceph.Status()).pgmap
    rate = float(pgmap.recovering_objects_per_sec)
    # Both queues share one stream of recovery, so each estimate counts what is done before it.
    waiting = ((pgmap.degraded_objects, 0), (pgmap.misplaced_objects, pgmap.degraded_objects))
    left = [(mine + before) / rate if rate and mine else nan for mine, before in waiting]
    speed = (rate, float(pgmap.recovering_bytes_per_sec))
    rows = (
        ("degraded", pgmap.degraded_objects, pgmap.degraded_total, left[0]),
        ("misplaced", pgmap.misplaced_objects, pgmap.misplaced_total, left[1]),
        ("unfound", pgmap.unfound_objects, pgmap.num_objects, nan),
    )
    return table(
        ((what, n, total, n / total if total else 0.0, *speed, wait) for what, n, total, wait in rows if n),
        RECOVERY,
    )
