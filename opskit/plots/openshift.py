"""Figures of an OpenShift cluster."""

import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style

_ANSWERS = {"yes": "●", "no": "✖", "ask": "?", "unknown": "✖"}
_BAD = {("available", "False"), ("degraded", "True")}
_NOTED = {
    ("progressing", "True"),
    ("upgradeable", "False"),
    ("available", "Unknown"),
    ("degraded", "Unknown"),
}
CONDITIONS = ("available", "progressing", "degraded", "upgradeable")


def operators(frame: pd.DataFrame) -> go.Figure:
    """Cluster operators by condition: ● well, ▲ noted, ✖ trouble; the guilty one stands first.

    Args:
        frame: of `views.operators`.

    """
    told = operators_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    made = style.figure(told, detail="● well   ▲ noted   ✖ trouble", height=140 + 24 * len(frame))
    shown = {"●": ("circle", style.GOOD), "▲": ("triangle-up", style.NOTICE), "✖": ("x", style.BAD)}
    for mark, (symbol, colour) in shown.items():
        cells = [
            (name, row["operator"], row[name], row["message"])
            for row in style.rows(frame)
            for name in CONDITIONS
            if _mark(name, row[name]) == mark
        ]
        made.add_scatter(
            x=[cell[0] for cell in cells],
            y=[cell[1] for cell in cells],
            mode="markers",
            marker={"symbol": symbol, "color": colour, "size": 11},
            customdata=[f"{cell[2]} {cell[3]}"[:300] for cell in cells],
            hovertemplate="%{y} %{x}: %{customdata}<extra></extra>",
        )
    made.update_xaxes(type="category", categoryarray=list(CONDITIONS), categoryorder="array", side="top")
    made.update_yaxes(
        type="category",
        categoryarray=[str(each) for each in frame["operator"]],
        categoryorder="array",
        autorange="reversed",
        ticksuffix="  ",
    )
    made.update_layout(showlegend=False, margin_b=10)
    return made


def _mark(name: str, status: str) -> str:
    if (name, status) in _BAD:
        return "✖"
    return "▲" if (name, status) in _NOTED else "●"


def operators_sentence(frame: pd.DataFrame) -> str:
    """Which operator is guilty, and how many follow."""
    if frame.empty:
        return "No cluster operator could be read"
    ill = [row for row in style.rows(frame) if row["root"]]
    roots = sorted({row["root"] for row in ill})
    if not roots:
        return f"All {len(frame)} cluster operators are available and not degraded"
    followers = len(ill) - len(roots)
    tail = f"; {followers} more follow from it" if followers else ""
    return f"{', '.join(roots)} is in trouble{tail}"


def readiness(frame: pd.DataFrame) -> go.Figure:
    """Every guard of an update: ● yes, ✖ no, ? a person must tell.

    Args:
        frame: of `views.readiness`.

    """
    told = str(frame.attrs.get("sentence", ""))
    made = style.figure(told, detail="● yes   ✖ no   ? only a person can tell", height=130 + 34 * len(frame))
    rows = style.rows(frame)
    made.add_scatter(
        x=[0.0] * len(rows),
        y=[row["guard"] for row in rows],
        mode="text",
        text=[f"<b>{_ANSWERS[row['answer']]}</b>  {row['why'][:110]}" for row in rows],
        textposition="middle right",
        textfont={"color": style.INK, "size": 13},
        customdata=[row["command"] for row in rows],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    made.update_xaxes(visible=False, range=[-0.01, 1])
    made.update_yaxes(type="category", autorange="reversed", ticksuffix="  ")
    made.update_layout(showlegend=False, margin_b=10)
    return made


def shares(frame: pd.DataFrame) -> go.Figure:
    """The share of each service behind each route.

    Args:
        frame: of `views.routes`.

    """
    told = shares_sentence(frame)
    if frame.empty:
        return style.nothing(told)
    names = [f"{row['namespace']}/{row['route']}" for row in style.rows(frame)]
    made = style.figure(told, detail="hatched: no ready pod behind it", height=150 + 34 * len(set(names)))
    empty = [row["endpoints"] == 0 for row in style.rows(frame)]
    made.add_bar(
        x=style.column(frame, "share"),
        y=names,
        orientation="h",
        text=[f"{row['service']} {row['share']:.0%}" for row in style.rows(frame)],
        marker={
            "color": [style.SERIES[number % len(style.SERIES)] for number in range(len(frame))],
            "pattern": {"shape": ["/" if each else "" for each in empty]},
        },
    )
    made.update_layout(barmode="stack", showlegend=False)
    made.update_xaxes(range=[0, 1], tickformat=".0%")
    made.update_yaxes(type="category", autorange="reversed", ticksuffix="  ")
    return made


def shares_sentence(frame: pd.DataFrame) -> str:
    """How many routes there are, how many spread their requests, and how many are refused."""
    if frame.empty:
        return "There is no route"
    routes: dict[str, list[bool]] = {}
    for row in style.rows(frame):
        routes.setdefault(f"{row['namespace']}/{row['route']}", []).append(bool(row["admitted"]))
    split = sum(len(backends) > 1 for backends in routes.values())
    refused = sum(not all(backends) for backends in routes.values())
    return f"{len(routes)} route(s), {split} with more than one service, {refused} refused by a router"
