"""Frames of what Prometheus remembers of a Ceph cluster.

Where Prometheus can't be asked, a frame is empty and `frame.attrs["unread"]` says why: the present can
be judged without the past.
"""

import pandas as pd

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.tables import series_frame
from opskit.systems.rook import metrics

_EMPTY = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


def health(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """Ceph's health.

    Args:
        cluster: whose Prometheus is asked.
        window_seconds: how far back.

    Returns:
        time (datetime64[us, UTC]), level (float64: 0 OK, 1 WARN, 2 ERR).
    """
    return series(cluster, metrics.HEALTH, window_seconds=window_seconds, name="level")


def pg_states(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """PGs in each unhealthy state; a PG counts in every state it is in.

    Returns:
        time (datetime64[us, UTC]), state (category), pgs (float64).
    """
    parts = [
        series(cluster, query, window_seconds=window_seconds, name="pgs").assign(state=state)
        for state, query in metrics.PG_STATES.items()
    ]
    joined = pd.concat(parts, ignore_index=True).astype({"state": "category"})
    return _told(joined.reindex(columns=["time", "state", "pgs"]), _why(*parts))


def recovery(cluster: Cluster, *, window_seconds: int = metrics.WINDOW_SECONDS) -> pd.DataFrame:
    """What is left to recover.

    Returns:
        time (datetime64[us, UTC]), degraded, misplaced (float64, object copies).
    """
    degraded, misplaced = (
        series(cluster, query, window_seconds=window_seconds, name=name)
        for name, query in metrics.RECOVERY.items()
    )
    merged = degraded.merge(misplaced, on="time", how="outer", sort=True)
    return _told(merged, _why(degraded, misplaced))


def series(cluster: Cluster, query: str, *, window_seconds: int, name: str) -> pd.DataFrame:
    """One series: its time, and its value under another name."""
    try:
        body, unread = (
            cluster.metrics(query, window_seconds=window_seconds, step_seconds=metrics.STEP_SECONDS),
            "",
        )
    except ReadError as error:
        body, unread = _EMPTY, str(error)
    found = series_frame(body).rename(columns={"value": name}).reindex(columns=["time", name])
    return _told(found, unread)


def _told(frame: pd.DataFrame, unread: str) -> pd.DataFrame:
    """The frame, with the reason why it is empty."""
    if unread:
        frame.attrs["unread"] = unread
    return frame


def _why(*frames: pd.DataFrame) -> str:
    """Why one of the frames is empty; "" when all could be read."""
    return next((str(frame.attrs["unread"]) for frame in frames if "unread" in frame.attrs), "")
