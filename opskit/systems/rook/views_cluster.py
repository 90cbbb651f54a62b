"""Frames of OSDs, hosts, pools, PGs and health checks."""

from math import nan
from typing import Any

import pandas as pd

from opskit.core.parts import known
from opskit.systems.rook import answers as ceph
from opskit.systems.rook import answers_daemons as daemons
from opskit.systems.rook.codes import explain
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.frames import Columns, table
from opskit.systems.rook.inventory import Osd

OSDS: Columns = {
    "osd": "int64",
    "host": "str",
    "node": "str",
    "device_class": "str",
    "up": "bool",
    "in": "bool",
    "crush_weight": "float64",
    "reweight": "float64",
    "bytes": "int64",
    "used": "int64",
    "utilization": "float64",
    "pgs": "int64",
    "commit_ms": "float64",
}


def osds(facts: Facts) -> pd.DataFrame:
    """Every OSD.

    Returns:
        osd (int64), host, node, device_class (str), up, in (bool), crush_weight (float64, usually TiB),
        reweight (float64, 0 to 1), bytes, used (int64, bytes), utilization (float64, 0 to 1),
        pgs (int64), commit_ms (float64, milliseconds; NaN where `ceph osd perf` has none).

    """
    perf = known(facts.perf, daemons.OsdPerf()).osdstats.osd_perf_infos
    commit = {each.id: each.perf_stats.commit_latency_ms for each in perf}
    return table((_osd_row(osd, commit.get(osd.id, nan)) for osd in facts.osds.values()), OSDS)


def _osd_row(osd: Osd, commit_ms: float) -> tuple[Any, ...]:
    return (
        osd.id,
        osd.host,
        osd.node,
        osd.device_class,
        osd.up,
        osd.in_,
        osd.crush_weight,
        osd.reweight,
        osd.bytes_total,
        osd.bytes_used,
        osd.utilization,
        osd.pgs,
        commit_ms if osd.up else nan,
    )


HOSTS: Columns = {
    "host": "str",
    "osds": "int64",
    "up": "int64",
    "in": "int64",
    "bytes": "int64",
    "used": "int64",
    "utilization": "float64",
    "fullest": "float64",
    "pgs": "int64",
    "ready": "str",
}


def hosts(facts: Facts) -> pd.DataFrame:
    """Every CRUSH host.

    Returns:
        host (str), osds, up, in (int64), bytes, used (int64, bytes), utilization (float64, 0 to 1),
        fullest (float64, utilization of its fullest OSD), pgs (int64), ready (str: the Kubernetes
        node's Ready condition, "" when no node bears the host's name).

    """
    return table((_host_row(facts, host, osds) for host, osds in sorted(facts.hosts.items())), HOSTS)


def _host_row(facts: Facts, host: str, osds: list[Osd]) -> tuple[Any, ...]:
    total = sum(osd.bytes_total for osd in osds)
    used = sum(osd.bytes_used for osd in osds)
    node = facts.node_of.get(host)
    conditions = (node.status.conditions or []) if node else []
    return (
        host,
        len(osds),
        sum(osd.up for osd in osds),
        sum(osd.in_ for osd in osds),
        total,
        used,
        used / total if total else 0.0,
        max(osd.utilization for osd in osds),
        sum(osd.pgs for osd in osds),
        next((each.status for each in conditions if each.type == "Ready"), ""),
    )


POOLS: Columns = {
    "pool": "str",
    "id": "int64",
    "kind": "str",
    "size": "int64",
    "min_size": "int64",
    "rule": "str",
    "failure_domain": "str",
    "pgs": "int64",
    "stored": "int64",
    "used": "int64",
    "max_avail": "int64",
    "utilization": "float64",
    "objects": "int64",
    "application": "str",
}


def pools(facts: Facts) -> pd.DataFrame:
    """Every pool.

    Returns:
        pool (str), id (int64), kind (str: replicated or erasure), size, min_size (int64), rule,
        failure_domain (str: CRUSH bucket type), pgs (int64), stored (int64, bytes of clients),
        used (int64, bytes on disks), max_avail (int64, bytes that clients can still write),
        utilization (float64, 0 to 1), objects (int64), application (str).

    """
    use = {each.id: each.stats for each in known(facts.df, daemons.Df()).pools}
    rules = {rule.rule_id: rule for rule in known(facts.rules, [])}
    entries = known(facts.osd_dump, ceph.OsdDump()).pools
    return table((_pool_row(each, use.get(each.pool), rules.get(each.crush_rule)) for each in entries), POOLS)


def _pool_row(
    pool: ceph.PoolEntry, use: daemons.PoolUse | None, rule: daemons.Rule | None
) -> tuple[Any, ...]:
    use = use or daemons.PoolUse()
    return (
        pool.pool_name,
        pool.pool,
        "erasure" if pool.erasure_coded else "replicated",
        pool.size,
        pool.min_size,
        rule.rule_name if rule else "",
        failure_domain(rule),
        pool.pg_num,
        use.stored,
        use.bytes_used,
        use.max_avail,
        use.percent_used,
        use.objects,
        ",".join(pool.application_metadata),
    )


def failure_domain(rule: daemons.Rule | None) -> str:
    """The CRUSH bucket type over which a rule spreads copies; "" when it can't be told."""
    steps = rule.steps if rule else []
    return next((step.type for step in steps if step.op.startswith("choose") and step.type), "")


PG_STATES: Columns = {"state": "str", "pgs": "int64", "share": "float64", "healthy": "bool"}

HARMLESS = frozenset({"active", "clean", "scrubbing", "deep", "snaptrim", "snaptrim_wait"})
"""Words of the states in which a PG serves its clients with all its copies."""


def pg_states(facts: Facts) -> pd.DataFrame:
    """PGs by state, the most first.

    Returns:
        state (str), pgs (int64), share (float64, 0 to 1), healthy (bool: active+clean and its scrubbing
        and snaptrim variants).

    """
    counts = known(facts.status, ceph.Status()).pgmap.pgs_by_state
    total = sum(each.count for each in counts) or 1
    ordered = sorted(counts, key=lambda each: -each.count)
    return table(
        ((each.state_name, each.count, each.count / total, healthy(each.state_name)) for each in ordered),
        PG_STATES,
    )


def healthy(state: str) -> bool:
    """Whether a PG in this state is active+clean, scrubbing and trimming snapshots included."""
    words = set(state.split("+"))
    return {"active", "clean"} <= words <= HARMLESS


HEALTH: Columns = {
    "code": "str",
    "severity": "str",
    "muted": "bool",
    "count": "int64",
    "message": "str",
    "meaning": "str",
}


def health(facts: Facts) -> pd.DataFrame:
    """What Ceph raises.

    Returns:
        code (str), severity (str: HEALTH_WARN or HEALTH_ERR), muted (bool), count (int64, what the code
        counts), message (str, Ceph's), meaning (str, ours).

    """
    return table(
        (
            (
                code,
                check.severity,
                check.muted,
                check.summary.count,
                check.summary.message,
                explain(code).meaning,
            )
            for code, check in facts.raised.items()
        ),
        HEALTH,
    )
