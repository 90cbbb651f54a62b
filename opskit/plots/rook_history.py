"""Health and PG states over time, from the manager's metrics."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from opskit.plots import downsample, style

Series = tuple[str, NDArray[Any], NDArray[Any]]
"""A state, its times, and its PGs."""

LEVELS = ("HEALTH_OK", "HEALTH_WARN", "HEALTH_ERR")
"""`ceph_health_status` 0, 1 and 2."""
STATES = 7
"""States that are drawn; the frame holds them all."""


def health_over_time(frame: pd.DataFrame) -> go.Figure:
    """Ceph's health as a step line: OK, WARN, ERR.

    Args:
        frame: of `history.health`.

    """
    if frame.empty:
        return style.nothing("Prometheus holds no health of this cluster.", detail=style.unread(frame))
    x, y = downsample.thin(style.times(frame), style.numbers(frame, "level"))
    made = style.figure(health_sentence(frame), height=300)
    made.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"shape": "hv", "color": style.BLUE, "width": 2},
        fill="tozeroy",
        fillcolor="rgba(213,94,0,0.18)",
        hovertemplate="%{x|%Y-%m-%d %H:%M}: %{y:.0f}<extra></extra>",
    )
    made.update_yaxes(tickvals=[0, 1, 2], ticktext=list(LEVELS), range=[-0.1, 2.2])
    made.update_xaxes(title="time (UTC)")
    made.update_layout(showlegend=False)
    return made


def health_sentence(frame: pd.DataFrame) -> str:
    """How it is now, since when, and what share of the time it was worse than OK."""
    level = style.numbers(frame, "level")
    if not np.isfinite(level[-1]):
        return "Ceph's health is not known at the end of this time"
    now = LEVELS[int(np.clip(level[-1], 0, 2))]
    changed = np.flatnonzero(level[1:] != level[:-1])
    since = f" since {style.clock(style.times(frame)[changed[-1] + 1])}" if len(changed) else " all the time"
    bad = float((level > 0).mean())
    return f"Ceph is {now}{since}; {bad:.0%} of the time shown it was not HEALTH_OK"


def pg_states_over_time(frame: pd.DataFrame) -> go.Figure:
    """PGs that are not active+clean, by what they lack; the seven states with the most PGs.

    Args:
        frame: of `history.pg_states`.

    """
    if frame.empty:
        return style.nothing("Prometheus holds no PG states of this cluster.", detail=style.unread(frame))
    series = _series(frame)
    told = _told(series)
    if not series:
        return style.nothing(told)
    detail = "PGs in each unhealthy state; a PG counts in every state that it is in"
    made = style.figure(told, detail=detail, height=420)
    points = downsample.budget(len(series))
    for number, (state, time, pgs) in enumerate(series):
        x, y = downsample.thin(time, pgs, points=points)
        line = {"color": style.SERIES[number], "dash": style.DASHES[number], "width": 2, "shape": "hv"}
        hover = f"{state}: %{{y:.0f}} PGs, %{{x|%H:%M}}<extra></extra>"
        made.add_scatter(x=x, y=y, name=state, mode="lines", line=line, hovertemplate=hover)
    made.update_yaxes(title="PGs", rangemode="tozero")
    made.update_xaxes(title="time (UTC)")
    return made


def _series(frame: pd.DataFrame) -> list[Series]:
    """The states that ever had a PG, those with the most first."""
    codes, states = pd.factorize(frame["state"])
    time, pgs = style.times(frame), style.numbers(frame, "pgs")
    found = [(str(states[code]), time[part], pgs[part]) for code, part in _parts(codes)]
    peaks = {state: float(np.nanmax(values)) for state, _, values in found}
    ever = [each for each in found if peaks[each[0]] > 0]
    return sorted(ever, key=lambda each: -peaks[each[0]])[:STATES]


def _parts(codes: NDArray[Any]) -> list[tuple[int, Any]]:
    """Where each state's rows lie: slices if they lie together, which costs no copy, else masks."""
    edges = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    if len(edges) - 1 == int(codes.max()) + 1:
        return [(int(codes[begin]), slice(begin, end)) for begin, end in pairwise(edges)]
    return [(code, codes == code) for code in range(int(codes.max()) + 1)]


def pg_states_sentence(frame: pd.DataFrame) -> str:
    """How many PGs are in which unhealthy state now, and what the worst was."""
    return _told(_series(frame))


def _told(series: list[Series]) -> str:
    if not series:
        return "All PGs were active+clean all the time"
    now = sorted(((float(pgs[-1]), state) for state, _, pgs in series), reverse=True)
    worst, _, pgs = series[0]
    peak = f"{np.nanmax(pgs):.0f} were {worst} at the worst"
    if not now[0][0] > 0:
        return f"All PGs are active+clean now; {peak}"
    return "Now " + ", ".join(f"{n:.0f} PGs are {state}" for n, state in now[:3] if n > 0) + f"; {peak}"
