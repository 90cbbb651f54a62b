"""Commit latency of every OSD, with the one that is far off marked."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import downsample, style

NAMED = 8


def latency(frame: pd.DataFrame) -> go.Figure:
    """Latencies of all OSDs, the slowest first; outliers are diamonds with their names.

    Args:
        frame: of `views.latency`.

    """
    if frame.empty:
        return style.nothing("No OSD reports its latency.")
    made = style.figure(latency_sentence(frame), detail="commit latency over the last report", height=420)
    rank = np.arange(1, len(frame) + 1, dtype="int32")
    ms, bad = style.numbers(frame, "commit_ms"), style.column(frame, "outlier").astype(bool)
    names = np.array([f"osd.{row['osd']} on {row['host']}" for row in style.rows(frame)], dtype=object)
    x, y = downsample.thin(rank[~bad], ms[~bad])
    made.add_scatter(
        x=x, y=y, mode="markers", name="OSD", marker={"color": style.BLUE, "size": 6}, customdata=names[x - 1]
    )
    made.add_scatter(
        x=rank[bad],
        y=ms[bad],
        mode="markers+text",
        name="outlier",
        text=[name if number < NAMED else "" for number, name in enumerate(names[bad])],
        textposition="middle right",
        marker={"color": style.VERMILION, "symbol": "diamond", "size": 12},
        customdata=names[bad],
    )
    made.update_traces(hovertemplate="%{customdata}: %{y:.1f} ms<extra></extra>")
    style.limit(made, float(np.median(ms)), f"median {np.median(ms):.1f} ms", colour=style.GREY, dash="dash")
    made.update_yaxes(title="commit latency (ms)", rangemode="tozero")
    made.update_xaxes(title=f"{len(frame):,} OSDs, the slowest first")
    return made


def latency_sentence(frame: pd.DataFrame) -> str:
    """Whether an OSD is far slower than its peers, and the median."""
    bad = [row for row in style.rows(frame) if row["outlier"]]
    middle = float(np.median(style.numbers(frame, "commit_ms")))
    if not bad:
        return f"No OSD stands out; half of {len(frame):,} commit within {middle:.1f} ms"
    worst = bad[0]
    more = f" and {len(bad) - 1} more are" if len(bad) > 1 else " is"
    times = f", {worst['commit_ms'] / middle:.0f} times the median" if middle else ""
    return f"osd.{worst['osd']} on {worst['host']}{more} slow: {worst['commit_ms']:.0f} ms{times}"
