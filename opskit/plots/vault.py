"""Figures of Vault: made of the frames of `opskit.systems.vault.views`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style
from opskit.plots.style import sentence as sentence

MOST = 30
"""Prefixes that are drawn: those with most leases."""
_AGES = (
    (1.0, "under an hour", style.SKY, ""),
    (24.0, "under a day", style.BLUE, "/"),
    (np.inf, "older", style.ORANGE, "x"),
)


def leases(frame: pd.DataFrame) -> go.Figure:
    """Leases by prefix; the pattern tells how old the oldest of a sample is.

    Args:
        frame: of `views.leases`.

    """
    told = leases_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    rows = style.rows(frame.head(MOST))
    detail = "pattern: age of the oldest lease of a sample"
    made = style.figure(told, detail=detail, height=170 + 28 * len(rows))
    order = [str(row["prefix"]) for row in rows]
    least = 0.0
    for limit, name, colour, pattern in _AGES:
        mine = [row for row in rows if least <= _age(row) < limit]
        least = limit
        if not mine:
            continue
        made.add_bar(
            x=np.asarray([row["leases"] for row in mine], dtype="int64"),
            y=[str(row["prefix"]) for row in mine],
            orientation="h",
            name=name,
            text=[f"{row['leases']:,}" for row in mine],
            textposition="auto",
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": style.INK, "fgopacity": 0.3}},
            hovertemplate="%{y}: %{text} leases<extra>" + name + "</extra>",
        )
    made.update_yaxes(categoryorder="array", categoryarray=order[::-1], ticksuffix="  ", type="category")
    made.update_xaxes(title="leases", rangemode="tozero")
    made.update_layout(barmode="overlay")
    return made


def leases_sentence(frame: pd.DataFrame) -> str:
    """How many leases there are, and where most of them."""
    if frame.empty:
        return "There are no leases, or none could be listed"
    rows = style.rows(frame)
    total = sum(row["leases"] for row in rows)
    old = max(rows, key=_age)
    tail = (
        f"; the oldest seen is {style.days(_age(old) / 24)} old, under {old['prefix']}"
        if _age(old) > 0
        else ""
    )
    return f"{total:,} leases under {len(rows)} prefixes, most under {rows[0]['prefix']}{tail}"


def _age(row: dict[str, object]) -> float:
    value = row["age_hours"]
    return value if isinstance(value, float) and value == value else 0.0
