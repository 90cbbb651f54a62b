"""A figure of ten million points, to the JSON that a browser gets: thinned by opskit, whole by plotly.

Both in a process that has made a figure before, as a warm kernel has: plotly loads half a second of modules
when its first one is made.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row, child, paired

POINTS = 10_000_000
SECONDS, PER_TRACE = 0.5, 5_000


def _series() -> tuple[Any, Any]:
    import numpy as np

    noise = np.random.default_rng(7).standard_normal(POINTS)
    return np.arange(POINTS, dtype="float64"), noise.cumsum().astype("float32")


def ours() -> Callable[[], int]:
    """opskit: MinMaxLTTB, then the figure; the result is the number of points."""
    import plotly.graph_objects as go

    from opskit.plots import style
    from opskit.plots.downsample import thin

    x, y = _series()
    style.load()

    def run() -> int:
        few = thin(x, y)
        go.Figure(go.Scattergl(x=few[0], y=few[1])).to_json()
        return len(few[0])

    return run


def peer() -> Callable[[], int]:
    """plotly, given all of them."""
    import plotly.graph_objects as go

    from opskit.plots import style

    x, y = _series()
    style.load()

    def run() -> int:
        go.Figure(go.Scattergl(x=x, y=y)).to_json()
        return len(x)

    return run


def rows() -> list[Row]:
    """Median of three."""
    mine, theirs, ratio = paired(
        lambda: child("benchmarks.figure:ours"), lambda: child("benchmarks.figure:peer")
    )
    return [
        Row(
            "figure of 10^7 points, to JSON",
            f"{mine.seconds:.2f} s, {mine.result:,} points",
            f"plotly, all points {theirs.seconds:.2f} s",
            f"{ratio:.1f}x",
            f"<= {SECONDS} s, <= {PER_TRACE:,} points a trace",
            mine.seconds <= SECONDS and mine.result <= PER_TRACE,
        )
    ]
