"""How far recovery is, and when it will be done."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from opskit.plots import downsample, style

FIT_SHARE = 0.5
"""The estimate follows the last half of the time shown: recovery slows down towards its end."""


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
    lines = (
        ("degraded", style.numbers(frame, "degraded"), style.VERMILION, "dash"),
        ("misplaced", style.numbers(frame, "misplaced"), style.BLUE, "dot"),
        ("left in all", _left(frame), style.INK, "solid"),
    )
    for name, values, colour, dash in lines:
        x, y = downsample.thin(time, values)
        made.add_scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2})
    if (end := finish(frame)) is not None:
        _estimate(made, time[-1], end, float(_left(frame)[-1]))
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
    made.update_xaxes(range=[made.data[0].x[0], end + (end - now) // 3 + np.timedelta64(1, "s")])


def recovery_sentence(frame: pd.DataFrame) -> str:
    """How much is left, and when it will be done at the present pace."""
    left = _left(frame)
    if not len(left) or left[-1] <= 0:
        return "Nothing is left to recover"
    head = f"{left[-1]:,.0f} object copies are left to recover"
    end = finish(frame)
    if end is None:
        return f"{head}, and they are not getting fewer"
    return f"{head}: about {style.duration(_seconds(end - style.times(frame)[-1]))} more at the present pace"


def finish(frame: pd.DataFrame) -> np.datetime64 | None:
    """When what is left will be 0, from the slope of the last half of the frame; None if it does not fall."""
    left, time = _left(frame), style.times(frame)
    begin = int(len(left) * FIT_SHARE)
    if len(left) - begin < 2 or left[-1] <= 0:
        return None
    seconds = (time[begin:] - time[-1]) / np.timedelta64(1, "s")
    slope = float(np.polyfit(seconds, left[begin:], 1)[0])
    if not np.isfinite(slope) or slope >= 0:
        return None
    return time[-1] + np.timedelta64(int(left[-1] / -slope * 1e6), "us")


def _left(frame: pd.DataFrame) -> NDArray[Any]:
    return np.nan_to_num(style.numbers(frame, "degraded") + style.numbers(frame, "misplaced"))


def _seconds(span: np.timedelta64) -> float:
    return float(span / np.timedelta64(1, "s"))
