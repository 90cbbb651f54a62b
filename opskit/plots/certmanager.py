"""Figures of cert-manager: made of the frames of `opskit.systems.certmanager.views`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style
from opskit.plots.style import sentence as sentence

_LOOKS = {
    "valid": (style.GOOD, ""),
    "renewing": (style.SKY, "."),
    "failing": (style.ORANGE, "/"),
    "expired": (style.BAD, "x"),
}
MOST = 60
"""Certificates that are drawn: those that end first."""


def renewals(frame: pd.DataFrame) -> go.Figure:
    """Lifetime, renewal and expiry of each certificate, the one that ends first on top.

    Args:
        frame: of `views.certificates`.

    """
    told = renewals_sentence(frame)
    issued = frame.dropna(subset=["not_before", "not_after"]).head(MOST)
    if issued.empty:
        return style.nothing(told)
    made = style.figure(
        told, detail="bar: lifetime; ◆ renewal; the line is now", height=170 + 24 * len(issued)
    )
    names = np.asarray(issued["namespace"] + "/" + issued["certificate"])
    for state, (colour, pattern) in _LOOKS.items():
        rows = pd.DataFrame(issued[issued["state"] == state])
        if rows.empty:
            continue
        made.add_bar(
            base=style.times(rows, "not_before"),
            x=_milliseconds(rows),
            y=np.asarray(rows["namespace"] + "/" + rows["certificate"]),
            orientation="h",
            name=state,
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": style.INK, "fgopacity": 0.3}},
            text=[_left(each) for each in rows["days_left"]],
            # Beside a bar that is too short for it; upright text could not be read.
            textposition="auto",
            textangle=0,
            insidetextanchor="end",
            constraintext="none",
            hovertemplate="%{y}: %{text}<extra>" + state + "</extra>",
        )
    made.add_scatter(
        x=style.times(issued, "renewal"),
        y=names,
        mode="markers",
        name="renewal",
        marker={"symbol": "diamond", "size": 10, "color": style.INK},
        hovertemplate="%{y}: renewed %{x}<extra></extra>",
    )
    made.add_vline(
        x=style.times(issued, "now")[0].astype("datetime64[ms]").astype("int64").item(),
        line={"color": style.INK, "width": 1.5, "dash": "dot"},
    )
    made.update_yaxes(categoryorder="array", categoryarray=names[::-1], ticksuffix="  ")
    made.update_xaxes(type="date")
    # Few bars make a low figure: a share of its height would put the legend on the dates.
    made.update_layout(barmode="overlay", legend={"yref": "container", "y": 0, "yanchor": "bottom"})
    return made


def renewals_sentence(frame: pd.DataFrame) -> str:
    """How many certificates are sound, and which one ends first."""
    if frame.empty:
        return "There are no certificates"
    states = [str(row["state"]) for row in style.rows(frame)]
    sound = states.count("valid") + states.count("renewing")
    parts = [
        f"{count} {state}"
        for state in ("expired", "failing", "never issued")
        if (count := states.count(state))
    ]
    first = frame.dropna(subset=["not_after"]).head(1)
    ends = ""
    if not first.empty:
        row = style.rows(first)[0]
        when = "ended" if row["days_left"] <= 0 else "ends next"
        ends = f"; {row['namespace']}/{row['certificate']} {when} ({row['not_after']:%Y-%m-%d})"
    trouble = f", {', '.join(parts)}" if parts else ""
    return f"{sound} of {len(frame)} certificates are valid{trouble}{ends}"


def _milliseconds(rows: pd.DataFrame) -> np.ndarray:
    span = style.times(rows, "not_after") - style.times(rows, "not_before")
    return span.astype("timedelta64[ms]").astype("float64")


def _left(days: float) -> str:
    return f"{style.days(days)} left" if days > 0 else f"ended {style.days(-days)} ago"
