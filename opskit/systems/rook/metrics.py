"""What is asked of Prometheus about a Ceph cluster over time.

Metrics follow https://docs.ceph.com/en/latest/mgr/prometheus/.
"""

from collections.abc import Mapping

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError

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
    """Ask for every range that the figures need, so that a capture holds them."""
    for query in (HEALTH, *PG_STATES.values(), *RECOVERY.values()):
        try:
            cluster.metrics(query, window_seconds=WINDOW_SECONDS, step_seconds=STEP_SECONDS)
        except ReadError:
            # A cluster without Prometheus is captured without history; the recorder keeps the failure.
            return
