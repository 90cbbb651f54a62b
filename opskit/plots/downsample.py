"""Fewer points that look the same: MinMaxLTTB, so that a browser can draw what Prometheus holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

POINTS_PER_TRACE = 5_000
POINTS_PER_FIGURE = 50_000


def budget(traces: int) -> int:
    """Points that each of so many traces of one figure may have."""
    return max(3, min(POINTS_PER_TRACE, POINTS_PER_FIGURE // max(traces, 1)))


def thin(
    x: NDArray[Any], y: NDArray[Any], *, points: int = POINTS_PER_TRACE
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The points of a series that decide how it looks: peaks stay.

    Args:
        x: ascending; numbers or datetime64.
        y: numbers; NaN is a gap.
        points: at most so many are returned.

    Returns:
        x and y, thinned; as given when they are few enough.

    """
    if len(y) <= points:
        return x, y
    ends = np.array([0, len(y) - 1])
    kept = MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(y), n_out=points) if len(y) else ends
    kept = np.unique(np.asarray(kept, dtype="int64"))
    return x[kept], y[kept]
