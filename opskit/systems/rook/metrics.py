"""What is asked of Prometheus about a Ceph cluster over time.

Metrics follow https://docs.ceph.com/en/latest/mgr/prometheus/.
"""

from collections.abc import Mapping
from functools import partial

from opskit.core.cluster import Cluster
from opskit.core.parts import settle

WINDOW_SECONDS = 6 * 3600
STEP_SECONDS = 60

HEALTH = "max(ceph_health_status)"
PG_STATES: Mapping[str, str] = {
    state: f"sum(ceph_pg_{state})"
    for state in (
        "degraded",
        "undersized",
        "peering",
        "stale",
        "down",
        "incomplete",
        "remapped",
        "backfilling",
        "backfill_wait",
        "backfill_toofull",
        "recovering",
        "recovery_wait",
        "inconsistent",
    )
}
"""State → PromQL: PGs in it."""
RECOVERY: Mapping[str, str] = {
    "degraded": "sum(ceph_num_objects_degraded)",
    "misplaced": "sum(ceph_num_objects_misplaced)",
}


def record(cluster: Cluster) -> None:
    """Ask for every range that the figures need: a capture holds each answer, or why there is none."""
    settle(
        {
            query: partial(_range, cluster, query)
            for query in (HEALTH, *PG_STATES.values(), *RECOVERY.values())
        }
    )


def _range(cluster: Cluster, query: str) -> bytes:
    return cluster.metrics(query, window_seconds=WINDOW_SECONDS, step_seconds=STEP_SECONDS)
