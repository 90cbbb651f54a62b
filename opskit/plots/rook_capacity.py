"""How full OSDs, hosts and pools are, against the live ratios, and when they will be full."""

from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style

BARS = 40
"""More rows than this are drawn as one sorted profile."""
NAMED = 5
"""The fullest of a profile that are named."""
ROOM_BELOW = 0.45
"""Used share above which their names fit between the curve and the axis."""

RATIOS = (
    ("nearfull", style.ORANGE, "dot", 0.6),
    ("backfillfull", style.PURPLE, "dash", 0.73),
    ("full", style.VERMILION, "solid", 0.88),
)
"""Column, colour, dash, and where along the line its name stands: they lie too close for one place."""

Row = dict[str, Any]


def capacity(frame: pd.DataFrame) -> go.Figure:
    """Utilization of each OSD, host or pool, the fullest first, with the live ratios drawn.

    Args:
        frame: of `views.capacity`.

    """
    if frame.empty:
        return style.nothing("There is nothing whose capacity could be shown.")
    told = capacity_sentence(frame)
    return _bars(frame, told) if len(frame) <= BARS else _profile(frame, told)


def capacity_sentence(frame: pd.DataFrame) -> str:
    """How many are over a ratio, which is the fullest, and what is full when."""
    rows = style.rows(frame)
    first = rows[0]
    noun = _noun(first["kind"])
    name, limit = next((each, first[each]) for each in ("nearfull", "full") if isfinite(first[each]))
    over = sum(row["utilization"] >= limit for row in rows)
    head = f"{over} of {len(rows)} {noun}s are over" if over else f"No {noun} is over"
    fullest = f"{first['name']} is the fullest with {first['utilization']:.0%}"
    return f"{head} {name} ({limit:.0%}); {fullest}{_when(rows)}"


def _noun(kind: str) -> str:
    return "OSD" if kind == "osd" else kind


def _when(rows: list[Row]) -> str:
    full = [row["name"] for row in rows if row["days_to_full"] == 0]
    if full:
        return f"; {full[0]} takes no more writes"
    timed = [row for row in rows if isfinite(row["days_to_full"])]
    if not timed:
        return ""
    soonest = min(timed, key=lambda row: row["days_to_full"])
    return f"; at the last day's pace {soonest['name']} is full in {style.days(soonest['days_to_full'])}"


def _bars(frame: pd.DataFrame, told: str) -> go.Figure:
    use, rows = style.column(frame, "utilization"), style.rows(frame)
    room = 55 if isfinite(rows[0]["nearfull"]) else 10
    made = style.figure(told, detail=_detail(frame), height=190 + 26 * len(frame), room=room)
    over = np.array([row["utilization"] >= _first_limit(row) for row in rows])
    made.add_bar(
        x=use,
        y=style.column(frame, "name"),
        orientation="h",
        text=[_label(row) for row in rows],
        textposition=np.where(use > 0.4, "inside", "outside"),
        insidetextanchor="start",
        cliponaxis=False,
        constraintext="none",
        marker={
            "color": np.where(over, style.ORANGE, style.SKY),
            "pattern": {"shape": np.where(over, "/", ""), "fgcolor": style.INK, "fgopacity": 0.25},
        },
        insidetextfont={"color": style.INK},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    made.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    made.update_xaxes(range=[0, 1.05], tickformat=".0%", title="used share of its capacity")
    _ratios(made, frame, axis="x")
    made.update_layout(showlegend=False, bargap=0.25)
    return made


def _first_limit(row: Row) -> float:
    return row["nearfull"] if isfinite(row["nearfull"]) else row["full"]


def _label(row: Row) -> str:
    days = row["days_to_full"]
    when = "" if not isfinite(days) else " · full" if days == 0 else f" · full in {style.days(days)}"
    return f"{row['utilization']:.0%} of {style.size(row['bytes'])}{when}"


def _profile(frame: pd.DataFrame, told: str) -> go.Figure:
    made = style.figure(told, detail=_detail(frame), height=460)
    use = style.column(frame, "utilization").astype("float32")
    made.add_scatter(
        x=np.arange(1, len(frame) + 1, dtype="int32"),
        y=use,
        mode="lines",
        fill="tozeroy",
        fillcolor="rgba(86,180,233,0.25)",
        line={"width": 2, "color": style.BLUE},
        customdata=style.column(frame, "name"),
        hovertemplate="%{customdata}: %{y:.1%}, rank %{x}<extra></extra>",
    )
    _name_some(made, frame)
    made.update_yaxes(range=[0, 1.08], tickformat=".0%", title="used share of its capacity")
    made.update_xaxes(title=f"{len(frame):,} {_noun(str(frame['kind'].iloc[0]))}s, the fullest first")
    _ratios(made, frame, axis="y")
    made.update_layout(showlegend=False)
    return made


def _name_some(made: go.Figure, frame: pd.DataFrame) -> None:
    use = style.column(frame, "utilization")
    names = "<br>".join(f"{row['name']} {_label(row)}" for row in style.rows(frame.head(NAMED)))
    below = use[0] > ROOM_BELOW
    made.add_annotation(
        x=1,
        y=float(use[0]),
        text=f"<b>fullest</b><br>{names}",
        ax=110,
        ay=24 if below else -24,
        xanchor="left",
        yanchor="top" if below else "bottom",
        align="left",
    )
    middle = len(frame) // 2
    made.add_annotation(x=middle + 1, y=float(use[middle]), text=f"median {use[middle]:.0%}", ax=0, ay=36)


def _detail(frame: pd.DataFrame) -> str:
    used, size = float(style.column(frame, "used").sum()), float(style.column(frame, "bytes").sum())
    return f"{style.size(used)} of {style.size(size)} used in all" if size else ""


def _ratios(made: go.Figure, frame: pd.DataFrame, *, axis: str) -> None:
    for name, colour, dash, at in RATIOS:
        value = float(style.column(frame, name)[0])
        if isfinite(value):
            style.limit(made, value, f"{name} {value:.0%}", colour=colour, dash=dash, axis=axis, at=at)
