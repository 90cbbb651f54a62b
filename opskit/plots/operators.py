"""Figures of what operators have brought."""

import pandas as pd
import plotly.graph_objects as go

from opskit.core.wording import count
from opskit.plots import style

_MARKS = {"leader": "star", "voter": "circle", "learner": "circle-open"}
SHOWN = 25
"""CRDs in a figure."""


def quorum(frame: pd.DataFrame) -> go.Figure:
    """The members of each system that votes: ★ leader, ● voter, ○ learner, ✖ not healthy.

    Args:
        frame: of `views.quorums`.

    """
    told = quorum_sentence(frame)
    if frame.empty:
        return style.nothing(told, detail=style.unread(frame))
    rows = style.rows(frame)
    systems = list(dict.fromkeys(str(row["system"]) for row in rows))
    height = 140 + 46 * len(systems)
    made = style.figure(told, detail="★ leader   ● voter   ○ learner   ✖ not healthy", height=height)
    at = dict.fromkeys(systems, 0)
    for row in rows:
        at[row["system"]] += 1
        well = bool(row["healthy"])
        made.add_scatter(
            x=[at[row["system"]]],
            y=[row["system"]],
            mode="markers+text",
            text=[row["member"]],
            textposition="bottom center",
            marker={
                "symbol": _MARKS[row["role"]] if well else "x",
                "size": 16,
                "color": style.GOOD if well else style.BAD,
            },
            hovertemplate=f"{row['member']}: {row['role']} {row['version']} {row['error']}<extra></extra>",
        )
    made.update_xaxes(visible=False, range=[0.4, max(at.values()) + 0.6])
    made.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    made.update_layout(showlegend=False, margin_b=20)
    return made


def quorum_sentence(frame: pd.DataFrame) -> str:
    """How many systems vote, and which can lose no further member."""
    if frame.empty:
        return "No system that votes was found"
    spare = {str(row["system"]): int(row["spare"]) for row in style.rows(frame)}
    lost, tight = ([name for name, left in spare.items() if left == number] for number in (-1, 0))
    if lost:
        return f"{', '.join(lost)} has lost its majority"
    if tight:
        return f"{', '.join(tight)} bears no further loss"
    return f"All {len(spare)} systems that vote have their majority, and bear a loss"


def troubles(frame: pd.DataFrame) -> go.Figure:
    """Custom resources with trouble, by CRD.

    Args:
        frame: of `views.crds`.

    """
    rows = style.rows(frame)
    ill = [row for row in rows if row["trouble"]][:SHOWN]
    total = sum(int(row["objects"]) for row in rows if isinstance(row["objects"], int))
    if not ill:
        return style.nothing(f"None of {total:,} custom resources of {len(rows)} CRDs is in trouble")
    number = sum(int(row["trouble"]) for row in rows)
    told = f"{number} of {total:,} custom resources of {len(rows)} CRDs are in trouble"
    made = style.figure(told, height=150 + 30 * len(ill))
    made.add_bar(
        x=[row["trouble"] for row in ill],
        y=[row["crd"] for row in ill],
        orientation="h",
        text=[f"{row['trouble']} of {row['objects']}" for row in ill],
        textposition="auto",
        marker={"color": style.ORANGE, "pattern": {"shape": "/", "fgcolor": style.INK, "fgopacity": 0.25}},
    )
    made.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    made.update_layout(showlegend=False)
    return made


def upgrade(frame: pd.DataFrame) -> go.Figure:
    """What a CRD upgrade would do: ✖ breaks, ▲ may break, ● safe, one line a difference.

    Args:
        frame: of `views.upgrade`.

    """
    told = upgrade_sentence(frame)
    rows = [row for row in style.rows(frame) if row["risk"] != "safe"][:SHOWN]
    if not rows:
        return style.nothing(told)
    made = style.figure(told, detail="✖ breaks   ▲ may break", height=130 + 30 * len(rows))
    made.add_scatter(
        x=[0] * len(rows),
        y=[f"{row['crd']} {row['version']} {row['path']} #{number}" for number, row in enumerate(rows, 1)],
        mode="text",
        text=[
            f"{'✖' if row['risk'] == 'breaks' else '▲'} {row['code']}: {row['difference']}" for row in rows
        ],
        textposition="middle right",
        hoverinfo="skip",
    )
    made.update_xaxes(visible=False, range=[-0.01, 1])
    made.update_yaxes(type="category", autorange="reversed", ticksuffix="  ")
    made.update_layout(showlegend=False, margin_b=10)
    return made


def upgrade_sentence(frame: pd.DataFrame) -> str:
    """Whether the CRDs may be applied."""
    risks = [row["risk"] for row in style.rows(frame)]
    crds = len({row["crd"] for row in style.rows(frame)})
    breaks, may = risks.count("breaks"), risks.count("may break")
    if breaks:
        return f"Don't apply: {count(breaks, 'change')} would lose or refuse objects that are there"
    if may:
        return f"Look before you apply: {count(may, 'change', 'refuses')} objects that use what is narrowed"
    return f"Nothing in the way: {count(crds, 'CRD', 'differs')} in nothing that harms objects"
