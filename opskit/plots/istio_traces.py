"""Figures of traced requests, made of the frames of `opskit.systems.istio.views`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style

_MOST = 60
"""Spans that are drawn, the longest."""
_PLACES = 12


def where_time_goes(frame: pd.DataFrame) -> go.Figure:
    """The share of all time that was spent in each place.

    Args:
        frame: of `views.where_time_goes`.

    """
    if frame.empty:
        return style.nothing("No request was traced")
    first = style.rows(frame)[0]
    told = f"{first['share']:.0%} of the time of traced requests was spent in {first['place']}"
    shown = frame.iloc[:_PLACES].iloc[::-1]
    made = style.figure(
        told, detail="its own time: calls that it made are not counted", height=150 + 34 * len(shown)
    )
    labels = [
        f"half within {row['p50_ms']:.0f} ms, most {row['most_ms']:.0f} ms" for row in style.rows(shown)
    ]
    made.add_bar(
        y=list(shown["place"]),
        x=style.numbers(shown, "share"),
        orientation="h",
        marker_color=[style.GOOD] * (len(shown) - 1) + [style.NOTICE],
        text=labels,
        textposition="auto",
    )
    made.update_xaxes(tickformat=".0%", rangemode="tozero", title="share of all time")
    return made


def waterfall(frame: pd.DataFrame) -> go.Figure:
    """One request, span under span: pale is waiting for others, full is own time.

    Args:
        frame: of `views.spans`.

    """
    if frame.empty:
        return style.nothing("No request was traced")
    longest = style.rows(frame.nlargest(1, "own_ms"))[0]
    whole = float(np.max(style.numbers(frame, "start_ms") + style.numbers(frame, "ms")))
    told = f"{longest['own_ms']:.0f} of {whole:.0f} ms were spent in {longest['place']}"
    kept = frame.nlargest(_MOST, "ms").sort_values(["start_ms", "ms"], ascending=[True, False])
    left_out = len(frame) - len(kept)
    detail = "pale: whole span; full: how much of it is its own time; ✗: it failed" + (
        f"; {left_out} short spans left out" if left_out else ""
    )
    made = style.figure(told, detail=detail, height=150 + 26 * len(kept))
    rows = style.rows(kept)
    lines = [f"{number}. {row['place']}{' ✗' if row['failed'] else ''}" for number, row in enumerate(rows, 1)]
    starts, spent = style.numbers(kept, "start_ms"), style.numbers(kept, "ms")
    made.add_bar(
        y=lines,
        x=spent,
        base=starts,
        orientation="h",
        marker_color=style.SKY,
        opacity=0.45,
        name="whole span",
        text=[f"{each:.1f} ms" for each in spent],
        textposition="outside",
        cliponaxis=False,
    )
    own = style.numbers(kept, "own_ms")
    made.add_bar(
        y=lines,
        x=own,
        base=starts,
        orientation="h",
        width=0.35,
        marker_color=np.where(np.asarray(kept["failed"]), style.BAD, style.BLUE),
        name="own time",
    )
    made.update_layout(barmode="overlay")
    made.update_xaxes(title="ms after the request came", rangemode="tozero")
    made.update_yaxes(autorange="reversed")
    return made
