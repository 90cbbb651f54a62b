"""Figures of the mesh, made of the frames of `opskit.systems.istio.views` and `history`."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style
from opskit.plots.style import sentence as sentence

_FAILING = 0.05


def traffic(frame: pd.DataFrame) -> go.Figure:
    """Who calls whom: width is the rate, a dashed line in vermilion fails.

    Args:
        frame: of `views.edges`.

    """
    if frame.empty:
        return style.nothing("No requests are measured now")
    rows = style.rows(frame)
    bad = [row for row in rows if row["share"] >= _FAILING]
    told = f"{len(bad)} of {len(rows)} edges fail" if bad else f"All {len(rows)} edges answer"
    places = _places(rows)
    made = style.figure(told, detail="width: requests a second; dashed: 5 % of them or more fail", height=420)
    fastest = max(row["rate"] for row in rows) or 1.0
    for row in rows:
        _edge(made, row, places, fastest)
    made.add_scatter(
        x=[x for x, _ in places.values()],
        y=[y for _, y in places.values()],
        mode="markers+text",
        text=list(places),
        textposition="top center",
        marker={"size": 16, "color": style.INK},
        hoverinfo="text",
    )
    made.update_xaxes(visible=False, range=[-0.4, max(x for x, _ in places.values()) + 0.6])
    made.update_yaxes(visible=False)
    made.update_layout(showlegend=False)
    return made


def _name(row: dict[str, object]) -> str:
    short = str(row["service"]).partition(".")[0]
    return f"{short} {row['version']}".strip()


def _places(rows: list[dict[str, object]]) -> dict[str, tuple[float, float]]:
    """Each node's place: a column further right than what calls it."""
    column: dict[str, int] = {}
    for _ in range(len(rows) + 1):
        for row in rows:
            source = next(
                (name for name in column if name.partition(" ")[0] == row["source"]), str(row["source"])
            )
            here = column.setdefault(source, 0)
            column[_name(row)] = min(max(column.get(_name(row), 0), here + 1), len(rows))
    found: dict[str, tuple[float, float]] = {}
    for level in sorted(set(column.values())):
        names = sorted(name for name, each in column.items() if each == level)
        found |= {name: (float(level), number - (len(names) - 1) / 2) for number, name in enumerate(names)}
    return found


def _edge(
    made: go.Figure, row: dict[str, object], places: dict[str, tuple[float, float]], fastest: float
) -> None:
    source = next((name for name in places if name.partition(" ")[0] == row["source"]), str(row["source"]))
    (x0, y0), (x1, y1) = places[source], places[_name(row)]
    rate, share, slow = float(str(row["rate"])), float(str(row["share"])), float(str(row["p90_ms"]))
    bad = share >= _FAILING
    ms = "" if math.isnan(slow) else f", 90th percentile {slow:.0f} ms"
    text = f"{row['source']} → {_name(row)}: {rate:.1f}/s, {share:.1%} fail{ms}"
    line = {
        "width": 1.5 + 6 * rate / fastest,
        "color": style.BAD if bad else style.GOOD,
        "dash": "dash" if bad else "solid",
    }
    made.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", line=line, text=text, hoverinfo="text", name=text)
    label = f"{rate:.1f}/s, {share:.0%} fail"
    made.add_annotation(x=(x0 + x1) / 2, y=(y0 + y1) / 2, text=label, showarrow=False, bgcolor="white")


def canary(frame: pd.DataFrame) -> go.Figure:
    """Shares of split routes: planned beside measured.

    Args:
        frame: of `views.canary`.

    """
    if frame.empty:
        return style.nothing("No route is split between versions")
    names = [f"{row['rule']} {row['subset']}" for row in style.rows(frame)]
    apart = np.abs(style.numbers(frame, "measured") - style.numbers(frame, "planned"))
    off = float(np.nanmax(apart)) if bool(np.isfinite(apart).any()) else math.nan
    told = (
        "No requests are measured"
        if math.isnan(off)
        else f"Measured shares differ from the plan by {off:.0%} at most"
    )
    made = style.figure(told, height=160 + 40 * len(frame))
    for column, colour in (("planned", style.GREY), ("measured", style.GOOD)):
        made.add_bar(
            y=names, x=style.numbers(frame, column), name=column, orientation="h", marker_color=colour
        )
    made.update_xaxes(tickformat=".0%", range=[0, 1])
    return made


def success_over_time(frame: pd.DataFrame) -> go.Figure:
    """Share of requests that succeed, by service and version.

    Args:
        frame: of `history.success`.

    """
    told = (
        "No history of requests"
        if frame.empty
        else f"The worst minute had {frame['value'].min():.0%} success"
    )
    return _over_time(frame, told, ["destination_service", "destination_version"], ".0%")


def latency_over_time(frame: pd.DataFrame) -> go.Figure:
    """The 90th percentile, by service, milliseconds.

    Args:
        frame: of `history.latency`.

    """
    told = (
        "No history of latency" if frame.empty else f"The slowest minute needed {frame['value'].max():.0f} ms"
    )
    return _over_time(frame, told, ["destination_service"], ".0f")


def _over_time(frame: pd.DataFrame, told: str, keys: list[str], form: str) -> go.Figure:
    if frame.empty:
        return style.nothing(told, detail=style.unread(frame))
    made = style.figure(told)
    names = frame[keys].astype(str).agg(" ".join, axis=1).str.replace(".svc.cluster.local", "")
    for number, name in enumerate(sorted(names.unique())):
        group = frame.loc[np.asarray(names == name)]
        made.add_scatter(
            x=style.times(group),
            y=style.numbers(group, "value"),
            mode="lines",
            name=name.strip(),
            line={"dash": style.DASHES[number % len(style.DASHES)]},
        )
    made.update_yaxes(tickformat=form)
    return made
