"""Health, PG states and recovery as they are at this moment."""

from math import isfinite

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.core.wording import count
from opskit.plots import style

_SHAPES = {"HEALTH_ERR": ("✖", style.VERMILION), "HEALTH_WARN": ("▲", style.ORANGE)}
_MUTED = ("○", style.GREY)
MESSAGE = 110
"""Characters of a message that are shown."""


def health(frame: pd.DataFrame) -> go.Figure:
    """What Ceph raises, one line a code: ✖ error, ▲ warning, ○ muted.

    Args:
        frame: of `views.health`.

    """
    told = health_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    checks = style.rows(frame)
    made = style.figure(told, detail="✖ error   ▲ warning   ○ muted", height=110 + 30 * len(checks))
    shapes = [_MUTED if row["muted"] else _SHAPES.get(row["severity"], _MUTED) for row in checks]
    made.add_scatter(
        x=np.zeros(len(checks)),
        y=style.column(frame, "code"),
        mode="text",
        text=[
            f"<b>{shape}</b>  {row['message'][:MESSAGE]}"
            for row, (shape, _) in zip(checks, shapes, strict=True)
        ],
        textposition="middle right",
        textfont={"color": style.INK, "size": 13},
        customdata=style.column(frame, "meaning"),
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    made.update_xaxes(visible=False, range=[-0.01, 1])
    made.update_yaxes(range=[len(checks) - 0.4, -0.6], type="category", ticksuffix="  ")
    made.update_layout(showlegend=False, margin_b=10)
    return made


def health_sentence(frame: pd.DataFrame) -> str:
    """How many errors and warnings Ceph raises, or that it raises none."""
    live = [row["severity"] for row in style.rows(frame) if not row["muted"]]
    errors, warnings, muted = live.count("HEALTH_ERR"), live.count("HEALTH_WARN"), len(frame) - len(live)
    tail = f" ({muted} muted)" if muted else ""
    if not errors and not warnings:
        return f"Ceph raises nothing: HEALTH_OK{tail}"
    parts = [
        f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n
    ]
    return f"Ceph raises {' and '.join(parts)}{tail}"


def pg_states(frame: pd.DataFrame) -> go.Figure:
    """PGs by state; hatched ones lack copies or don't serve.

    Args:
        frame: of `views.pg_states`.

    """
    told = pg_states_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    well = style.column(frame, "healthy").astype(bool)
    made = style.figure(told, detail="hatched: not active+clean", height=150 + 30 * len(frame))
    share = style.column(frame, "share")
    made.add_bar(
        x=share,
        y=style.column(frame, "state"),
        orientation="h",
        text=[f"{row['pgs']:,} ({row['share']:.1%})" for row in style.rows(frame)],
        textposition=np.where(share > 0.6, "inside", "outside"),
        cliponaxis=False,
        constraintext="none",
        insidetextfont={"color": style.INK},
        marker={
            "color": np.where(well, style.SKY, style.ORANGE),
            "pattern": {"shape": np.where(well, "", "/"), "fgcolor": style.INK, "fgopacity": 0.25},
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    made.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    made.update_xaxes(range=[0, 1.05], tickformat=".0%", title="share of all PGs")
    made.update_layout(showlegend=False)
    return made


def pg_states_sentence(frame: pd.DataFrame) -> str:
    """How many PGs are active+clean, and what most others are."""
    states = style.rows(frame)
    total = sum(row["pgs"] for row in states)
    well = sum(row["pgs"] for row in states if row["healthy"])
    if not total:
        return "There are no PGs"
    if total == well:
        return f"All {total:,} PGs are active+clean"
    worst = next(row for row in states if not row["healthy"])
    return f"{total - well:,} of {total:,} PGs are not active+clean; most of them are {worst['state']}"


def recovery(frame: pd.DataFrame) -> go.Figure:
    """Object copies that are still to be made again or moved, and how long that takes.

    Args:
        frame: of `views.recovery`.

    """
    told = recovery_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    rows = style.rows(frame)
    made = style.figure(told, detail="share of all object copies", height=170 + 40 * len(frame))
    made.add_bar(
        x=style.column(frame, "share"),
        y=style.column(frame, "what"),
        orientation="h",
        text=[f"{row['objects']:,} of {row['total']:,} copies{_left(row['seconds_left'])}" for row in rows],
        textposition=np.where(style.column(frame, "share") > 0.5, "inside", "outside"),
        cliponaxis=False,
        constraintext="none",
        insidetextfont={"color": style.INK},
        marker={"color": style.ORANGE, "pattern": {"shape": "/", "fgcolor": style.INK, "fgopacity": 0.25}},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    made.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    made.update_xaxes(range=[0, 1], tickformat=".1%")
    made.update_layout(showlegend=False)
    return made


def recovery_sentence(frame: pd.DataFrame) -> str:
    """What is left to recover, and how long it takes at the present rate."""
    if frame.empty:
        return "Nothing is left to recover"
    rows = style.rows(frame)
    what = ", ".join(f"{row['objects']:,} copies {row['what']}" for row in rows)
    timed = [row["seconds_left"] for row in rows if isfinite(row["seconds_left"])]
    if not timed:
        return f"{what}; nothing moves at the moment"
    pace = f"{count(round(rows[0]['objects_per_s']), 'object')} a second"
    return f"{what}; done in about {style.duration(max(timed))} at {pace}"


def _left(seconds: float) -> str:
    return f", about {style.duration(seconds)} more" if isfinite(seconds) else ""
