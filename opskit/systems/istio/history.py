"""Frames of what Prometheus remembers of the mesh.

Where Prometheus can't be asked, a frame is empty and `frame.attrs["unread"]` says why.
"""

import pandas as pd

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.tables import series_frame
from opskit.systems.istio import metrics

_EMPTY = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


def success(cluster: Cluster) -> pd.DataFrame:
    """Share of requests that succeed, by service and version.

    Returns:
        time (datetime64[us, UTC]), destination_service, destination_version (str), value (float64, 0 to 1).

    """
    keys = ["time", "destination_service", "destination_version"]
    requests, errors = (
        _series(cluster, query, keys) for query in (metrics.PAST_REQUESTS, metrics.PAST_ERRORS)
    )
    joined = requests.merge(errors, on=keys, how="left", suffixes=("", "_failed"))
    share = 1.0 - joined["value_failed"].fillna(0.0) / joined["value"].where(joined["value"] > 0)
    found = joined[keys].assign(value=share).dropna(subset=["value"])
    found.attrs.update(requests.attrs)
    return found


def latency(cluster: Cluster) -> pd.DataFrame:
    """The 90th percentile, by service.

    Returns:
        time (datetime64[us, UTC]), destination_service (str), value (float64, milliseconds).

    """
    return _series(cluster, metrics.PAST_LATENCY, ["time", "destination_service"]).dropna(subset=["value"])


def _series(cluster: Cluster, query: str, keys: list[str]) -> pd.DataFrame:
    unread = ""
    try:
        body = cluster.metrics(query, window_seconds=metrics.PAST_SECONDS, step_seconds=metrics.STEP_SECONDS)
    except ReadError as error:
        body, unread = _EMPTY, str(error)
    found = series_frame(body).reindex(columns=[*keys, "value"])
    labels = [key for key in keys if key != "time"]
    found[labels] = found[labels].fillna("unknown")
    if unread:
        found.attrs["unread"] = unread
    return found
