"""Frames of what Prometheus remembers of a Ceph cluster."""

import pandas as pd

from opskit.core.cluster import Cluster
from opskit.core.tables import series_frame
from opskit.systems.rook import metrics


def health(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """Ceph's health.

    Args:
        cluster: whose Prometheus is asked.
        window_seconds: how far back.

    Returns:
        time (datetime64[us, UTC]), level (float64: 0 OK, 1 WARN, 2 ERR).

    Raises:
        NotInstalled: there is no Prometheus.

    """
    return series(cluster, metrics.HEALTH, window_seconds=window_seconds, name="level")


def pg_states(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """PGs in each unhealthy state; a PG counts in every state it is in.

    Returns:
        time (datetime64[us, UTC]), state (category), pgs (float64).

    Raises:
        NotInstalled: there is no Prometheus.

    """
    parts = [
        series(cluster, query, window_seconds=window_seconds, name="pgs").assign(state=state)
        for state, query in metrics.PG_STATES.items()
    ]
    joined = pd.concat(parts, ignore_index=True).astype({"state": "category"})
    return joined.reindex(columns=["time", "state", "pgs"])


def recovery(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """What is left to recover.

    Returns:
        time (datetime64[us, UTC]), degraded, misplaced (float64, object copies).

    Raises:
        NotInstalled: there is no Prometheus.

    """
    degraded, misplaced = (
        series(cluster, query, window_seconds=window_seconds, name=name)
        for name, query in metrics.RECOVERY.items()
    )
    return degraded.merge(misplaced, on="time", how="outer", sort=True)


def series(cluster: Cluster, query: str, *, window_seconds: int, name: str) -> pd.DataFrame:
    """One series: its time, and its value under another name."""
    body = cluster.metrics(query, window_seconds=window_seconds, step_seconds=metrics.STEP_SECONDS)
    found = series_frame(body).rename(columns={"value": name})
    return found.reindex(columns=["time", name])
