"""Figures of a kubeadm cluster: when its certificates end."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style

URGENT, SOON = 7.0, 30.0
"""Days."""


def certificate_timeline(frame: pd.DataFrame) -> go.Figure:
    """Days that each certificate has left, the first to end on top; thresholds are drawn.

    Args:
        frame: of `views.certificates`.

    """
    if frame.empty:
        return style.nothing("No certificate could be read: name the nodes in opskit.toml.")
    leaves = _leaves(frame).head(40)
    made = style.figure(
        certificate_sentence(frame),
        detail="as `kubeadm certs check-expiration` says on each control-plane node",
        height=160 + 22 * len(leaves),
    )
    days = style.numbers(leaves, "days_left")
    names = [f"{row['certificate']} on {row['node']}" for row in style.rows(leaves)]
    for told, colour, symbol, chosen in (
        (f"ends within {URGENT:.0f} days", style.BAD, "diamond", days < URGENT),
        (f"ends within {SOON:.0f} days", style.NOTICE, "square", (days >= URGENT) & (days < SOON)),
        ("has time", style.GOOD, "circle", days >= SOON),
    ):
        made.add_scatter(
            x=days[chosen],
            y=np.array(names, dtype=object)[chosen],
            mode="markers",
            name=told,
            marker={"color": colour, "symbol": symbol, "size": 10},
            hovertemplate="%{y}: %{x:.1f} days<extra></extra>",
        )
    made.add_vline(x=SOON, line={"color": style.GREY, "dash": "dash"})
    made.update_yaxes(categoryorder="array", categoryarray=list(reversed(names)))
    made.update_xaxes(title="days left")
    return made


def certificate_sentence(frame: pd.DataFrame) -> str:
    """Which certificate ends first, and when."""
    leaves = style.rows(_leaves(frame))
    if not leaves:
        return "No certificate is known"
    first = leaves[0]
    soon = sum(row["days_left"] < SOON for row in leaves)
    when = (
        f"in {first['days_left']:.0f} days"
        if first["days_left"] > 0
        else f"{-first['days_left']:.0f} days ago"
    )
    verb = "ends" if first["days_left"] > 0 else "ended"
    more = f"; {soon} of {len(leaves)} within {SOON:.0f} days" if soon else ""
    return f"{first['certificate']} on {first['node']} {verb} first, {when}{more}"


def _leaves(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the authorities, which live ten years."""
    return frame.loc[~style.column(frame, "authority").astype(bool)]
