"""How far recovery is, and when it will be done."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from opskit.plots import downsample, style

FIT_SHARE = 0.5
"""The estimate follows the last half of the time shown: recovery slows down towards its end."""
FIT_POINTS = 2_000
"""A slope is as good with this many of its points, and much cheaper."""


def recovery_progress(frame: pd.DataFrame) -> go.Figure:
    """Object copies that are still degraded or misplaced, and the line on which they reach 0.

    Args:
        frame: of `history.recovery`.

    """
    if frame.empty:
        return style.nothing(
            "Prometheus holds nothing about recovery of this cluster.", detail=style.unread(frame)
        )
    made = style.figure(recovery_sentence(frame), height=400)
    time = style.times(frame)
    degraded, misplaced = style.numbers(frame, "degraded"), style.numbers(frame, "misplaced")
    left = degraded + misplaced
    lines = (
        ("degraded", degraded, style.VERMILION, "dash"),
        ("misplaced", misplaced, style.BLUE, "dot"),
        ("left in all", left, style.INK, "solid"),
    )
    for name, values, colour, dash in lines:
        x, y = downsample.thin(time, values)
        made.add_scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2})
    if (end := finish(frame)) is not None:
        _estimate(made, time[-1], end, float(left[-1]))
        made.update_xaxes(range=[time[0], end + (end - time[-1]) // 3 + np.timedelta64(1, "s")])
    made.update_yaxes(title="object copies", rangemode="tozero")
    made.update_xaxes(title="time (UTC)")
    return made


def _estimate(made: go.Figure, now: np.datetime64, end: np.datetime64, left: float) -> None:
    made.add_scatter(
        x=np.array([now, end]),
        y=np.array([left, 0.0]),
        name="estimate",
        mode="lines+markers",
        marker={"symbol": ["circle", "x"], "size": 10},
        line={"color": style.GREY, "dash": "longdash", "width": 2},
    )
    made.add_annotation(x=end, y=0.0, text=f"done about {style.clock(end)}", ax=0, ay=-90)


def recovery_sentence(frame: pd.DataFrame) -> str:
    """How much is left, and when it will be done at the present pace."""
    last = frame.tail(1)
    left = _left(last)
    if not len(left) or left[-1] <= 0:
        return "Nothing is left to recover"
    head = f"{left[-1]:,.0f} object copies are left to recover"
    end = finish(frame)
    if end is None:
        return f"{head}, and they are not getting fewer"
    return f"{head}: about {style.duration(_seconds(end - style.times(last)[-1]))} more at the present pace"


def finish(frame: pd.DataFrame) -> np.datetime64 | None:
    """When what is left will be 0, from the slope of the last half of the frame; None if it does not fall."""
    begin, end = int(len(frame) * FIT_SHARE), len(frame)
    if end - begin < 2:
        return None
    some = frame.iloc[np.unique(np.linspace(begin, end - 1, min(end - begin, FIT_POINTS)).astype("int64"))]
    left, time = _left(some), style.times(some)
    if left[-1] <= 0:
        return None
    seconds = (time - time[-1]) / np.timedelta64(1, "s")
    slope = float(np.polyfit(seconds, left, 1)[0])
    if not np.isfinite(slope) or slope >= 0:
        return None
    return time[-1] + np.timedelta64(int(left[-1] / -slope * 1e6), "us")


def _left(frame: pd.DataFrame) -> NDArray[Any]:
    return np.nan_to_num(style.numbers(frame, "degraded") + style.numbers(frame, "misplaced"))


def _seconds(span: np.timedelta64) -> float:
    return float(span / np.timedelta64(1, "s"))
