"""Figures of a cluster's network, of the frames in `opskit.systems.calico.views`.

A figure's title is its conclusion; `sentence(figure)` gives it as text, and the frame is its table.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from opskit.plots import style
from opskit.plots.style import sentence as sentence

__all__ = ["bgp_mesh", "mesh_cost", "pools", "reachability", "sentence"]

NAMESPACES = 40
"""More namespaces than this can't be read in one figure: those that are closed most are shown."""
LABELLED = 15
"""Up to this many the shares are written into the fields."""


def reachability(frame: pd.DataFrame, *, traffic: str = "") -> go.Figure:
    """Who can talk to whom, namespace by namespace.

    Args:
        frame: of `views.reachability`.
        traffic: what was asked about, e.g. `TCP/8080`, for the title.

    """
    if frame.empty:
        return style.nothing("There are no pods with a network of their own.")
    names = _most_closed(frame)
    shares = _shares(frame, names)
    folded = len({row["source"] for row in style.rows(frame)}) - len(names)
    made = style.figure(
        reachability_sentence(frame, traffic),
        detail="rows send, columns receive; share of the pairs of pods that the policies allow"
        + (f"; {folded} more namespaces are folded" if folded else ""),
        height=220 + 26 * len(names),
    )
    made.add_trace(
        go.Heatmap(
            x=names,
            y=names,
            z=shares,
            zmin=0,
            zmax=1,
            colorscale=[[0, style.VERMILION], [0.5, style.YELLOW], [1, style.BLUE]],
            colorbar={"title": "allowed", "tickformat": ".0%"},
            text=[[f"{share:.0%}" for share in row] for row in shares],
            texttemplate="%{text}" if len(names) <= LABELLED else "",
            hovertemplate="%{y} to %{x}: %{z:.1%}<extra></extra>",
        )
    )
    made.update_yaxes(autorange="reversed", title="from")
    made.update_xaxes(title="to")
    return made


def reachability_sentence(frame: pd.DataFrame, traffic: str) -> str:
    """How much is open, and how many namespaces nobody else reaches."""
    rows = style.rows(frame)
    pairs, allowed = (sum(row[name] for row in rows) for name in ("pairs", "allowed_pairs"))
    into: dict[str, int] = {}
    for row in rows:
        own = row["source"] == row["destination"]
        into[row["destination"]] = into.get(row["destination"], 0) + (0 if own else row["allowed_pairs"])
    closed = sum(reached == 0 for reached in into.values())
    what = f" for {traffic}" if traffic else ""
    return (
        f"{allowed / pairs:.0%} of all pairs of pods are open{what}; "
        f"{closed} of {len(into)} namespaces take nothing from others"
    )


def _most_closed(frame: pd.DataFrame) -> list[str]:
    """The namespaces by how little they receive, as many as can be read."""
    held: dict[str, list[float]] = {}
    for row in style.rows(frame):
        held.setdefault(row["destination"], []).append(row["share"])
    return sorted(held, key=lambda name: sum(held[name]) / len(held[name]))[:NAMESPACES]


def _shares(frame: pd.DataFrame, names: list[str]) -> NDArray[np.float32]:
    place = {name: at for at, name in enumerate(names)}
    found = np.zeros((len(names), len(names)), np.float32)
    for row in style.rows(frame):
        if row["source"] in place and row["destination"] in place:
            found[place[row["source"]], place[row["destination"]]] = row["share"]
    return found


def bgp_mesh(frame: pd.DataFrame) -> go.Figure:
    """Nodes on a circle and the BGP sessions between them; those that are down are dashed.

    Args:
        frame: of `views.bgp`.

    """
    if frame.empty:
        return style.nothing("No BGP session is known: BGP is not used, or no node could be asked.")
    made = style.figure(
        bgp_sentence(frame),
        detail="a solid line is Established on both ends that were asked, a dashed one is not",
        height=520,
    )
    names = sorted({row[end] for row in style.rows(frame) for end in ("node", "peer")})
    angle = np.linspace(0, 2 * np.pi, len(names), endpoint=False)
    place = dict(zip(names, zip(np.cos(angle), np.sin(angle), strict=True), strict=True))
    for up, name, colour, dash in (
        (True, "Established", style.GOOD, "solid"),
        (False, "not Established", style.BAD, "dash"),
    ):
        made.add_trace(_lines(_pairs(frame, up=up), place, name, colour, dash))
    made.add_trace(_nodes(names, place))
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False, scaleanchor="x")
    return made


def bgp_sentence(frame: pd.DataFrame) -> str:
    """How many sessions there are, and which are down."""
    up, down = _pairs(frame, up=True), _pairs(frame, up=False)
    if not down:
        nodes = {row["node"] for row in style.rows(frame)}
        return f"All {len(up):,} BGP sessions of {len(nodes):,} nodes are Established"
    some = ", ".join(" - ".join(pair) for pair in down[:3]) + (" …" if len(down) > 3 else "")
    return f"{len(down):,} of {len(up) + len(down):,} BGP sessions are not Established: {some}"


def _pairs(frame: pd.DataFrame, *, up: bool) -> list[tuple[str, ...]]:
    """A session is up when every end that was seen says so."""
    held: dict[tuple[str, ...], bool] = {}
    for row in style.rows(frame):
        pair = tuple(sorted((row["node"], row["peer"])))
        held[pair] = held.get(pair, True) and row["state"] == "Established"
    return [pair for pair, fine in held.items() if fine is up]


def _lines(
    pairs: list[tuple[str, ...]],
    place: dict[str, tuple[float, float]],
    name: str,
    colour: str,
    dash: str,
) -> go.Scatter:
    x = [value for a, b in pairs for value in (place[a][0], place[b][0], np.nan)]
    y = [value for a, b in pairs for value in (place[a][1], place[b][1], np.nan)]
    return go.Scatter(
        x=np.asarray(x, dtype="float32"),
        y=np.asarray(y, dtype="float32"),
        mode="lines",
        name=f"{name} ({len(pairs)})",
        line={"color": colour, "dash": dash, "width": 1.5},
        hoverinfo="skip",
    )


def _nodes(names: list[str], place: dict[str, tuple[float, float]]) -> go.Scatter:
    return go.Scatter(
        x=np.asarray([place[name][0] for name in names], dtype="float32"),
        y=np.asarray([place[name][1] for name in names], dtype="float32"),
        mode="markers+text" if len(names) <= 40 else "markers",
        text=names,
        textposition="top center",
        marker={"size": 12, "color": style.INK},
        showlegend=False,
        hovertemplate="%{text}<extra></extra>",
    )


def pools(frame: pd.DataFrame) -> go.Figure:
    """How full each pool of addresses is.

    Args:
        frame: of `views.pools`.

    """
    if frame.empty:
        return style.nothing("There are no IP pools.")
    fullest = max(style.rows(frame), key=lambda row: row["share"])
    made = style.figure(
        f"The fullest pool, {fullest['pool']}, has given {fullest['allocated']:,} of "
        f"{fullest['addresses']:,} addresses ({fullest['share']:.0%})",
        height=180 + 40 * len(frame),
    )
    made.add_trace(
        go.Bar(
            x=style.numbers(frame, "share"),
            y=style.column(frame, "pool"),
            orientation="h",
            marker={"color": style.BLUE},
            text=[f"{row['cidr']}, {row['blocks']} blocks" for row in style.rows(frame)],
        )
    )
    style.limit(made, 0.85, "nearly full", colour=style.NOTICE, dash="dash", axis="x")
    made.update_xaxes(range=[0, 1], tickformat=".0%", title="addresses given")
    return made


def mesh_cost(frame: pd.DataFrame) -> go.Figure:
    """Sessions of a full mesh and with route reflectors, by number of nodes.

    Args:
        frame: of `views.mesh_cost`.

    """
    largest = style.rows(frame)[-1]
    made = style.figure(
        f"{largest['nodes']:,} nodes need {largest['mesh_sessions']:,} BGP sessions as a full mesh, and "
        f"{largest['reflector_sessions']:,} with route reflectors",
    )
    for name, column, colour, dash in (
        ("full mesh, n(n-1)/2", "mesh_sessions", style.VERMILION, "solid"),
        ("route reflectors", "reflector_sessions", style.BLUE, "dash"),
    ):
        made.add_trace(
            go.Scatter(
                x=style.numbers(frame, "nodes"),
                y=style.numbers(frame, column),
                mode="lines+markers",
                name=name,
                line={"color": colour, "dash": dash},
            )
        )
    made.update_xaxes(title="nodes", type="log")
    made.update_yaxes(title="BGP sessions", type="log")
    return made
