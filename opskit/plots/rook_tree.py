"""The CRUSH tree: what holds what, how full it is, and what is down."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from opskit.plots import style

TILES = 36
"""More nodes than this on one level can't be read: levels are folded from the OSDs upwards."""


def crush_tree(frame: pd.DataFrame) -> go.Figure:
    """The CRUSH tree from root to OSD, or to the last level that can still be read.

    Args:
        frame: of `views.crush`.

    """
    if frame.empty:
        return style.nothing("The CRUSH tree is empty: there are no OSDs.")
    shown, hit = _folded(frame), _down_hosts(frame)
    down = style.column(shown, "osds") - style.column(shown, "up")
    made = style.figure(crush_tree_sentence(frame), detail=_detail(frame, shown), height=520)
    made.add_trace(
        go.Icicle(
            ids=style.column(shown, "name"),
            labels=style.column(shown, "name"),
            parents=style.column(shown, "parent"),
            values=_leaf_weights(shown),
            branchvalues="remainder",
            text=[_text(node, hit) for node in style.rows(shown)],
            textinfo="label+text",
            sort=False,
            tiling={"orientation": "h"},
            marker={
                "colors": style.column(shown, "utilization"),
                "colorscale": "Blues",
                "cmin": 0,
                "cmax": 1,
                "colorbar": {"title": "used", "tickformat": ".0%", "len": 0.7},
                "line": {
                    "color": np.where(down > 0, style.VERMILION, style.GREY),
                    "width": np.where(down > 0, 3, 1),
                },
            },
            hovertemplate="%{label}: %{text}<extra></extra>",
        )
    )
    return made


def _leaf_weights(shown: pd.DataFrame) -> Any:
    """Weights of the leaves only: sums of rounded weights would not always fit into their parents."""
    leaf = ~np.isin(style.column(shown, "name"), style.column(shown, "parent"))
    return np.where(leaf, np.maximum(style.column(shown, "weight"), 1e-6), 0.0)


def crush_tree_sentence(frame: pd.DataFrame) -> str:
    """How many OSDs there are, and where some are down."""
    nodes = style.rows(frame)
    roots = [node for node in nodes if node["depth"] == 0]
    osds, up = sum(node["osds"] for node in roots), sum(node["up"] for node in roots)
    hosts = [node for node in nodes if node["type"] == "host"]
    if osds == up:
        return f"All {osds:,} OSDs on {len(hosts):,} hosts are up"
    hit = [node for node in hosts if node["up"] < node["osds"]]
    gone = [node["name"] for node in hit if node["up"] == 0]
    where = f"; wholly down: {', '.join(gone[:3])}" if gone else ""
    return f"{osds - up:,} of {osds:,} OSDs are down, on {len(hit):,} of {len(hosts):,} hosts{where}"


def _folded(frame: pd.DataFrame) -> pd.DataFrame:
    depths = style.column(frame, "depth")
    for depth in range(int(depths.max()), 0, -1):
        if max(int((depths == each).sum()) for each in range(depth + 1)) <= TILES:
            return frame.loc[depths <= depth]
    return frame.loc[depths <= 1].iloc[: TILES + 1]


def _down_hosts(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Bucket → the hosts below it with OSDs that are down."""
    nodes = {node["name"]: node for node in style.rows(frame)}
    found: dict[str, list[str]] = {}
    for node in nodes.values():
        if node["type"] != "host" or node["up"] == node["osds"]:
            continue
        parent = node["parent"]
        while parent in nodes:
            found.setdefault(parent, []).append(node["name"])
            parent = nodes[parent]["parent"]
    return found


def _text(node: dict[str, Any], hit: dict[str, list[str]]) -> str:
    down = node["osds"] - node["up"]
    if node["type"] == "osd":
        return "▼ down" if down else f"{node['utilization']:.0%} full"
    names = hit.get(node["name"], [])
    where = f" ({', '.join(names[:2])}{' …' if len(names) > 2 else ''})" if names else ""
    missing = f"▼ {down} of {node['osds']} down{where}" if down else f"{node['osds']} OSDs up"
    return f"{node['type']} · {missing} · {node['utilization']:.0%} full"


def _detail(frame: pd.DataFrame, shown: pd.DataFrame) -> str:
    key = "size is CRUSH weight, colour is used share; a thick frame and ▼ mean that OSDs below are down"
    folded = len(frame) - len(shown)
    return (
        f"{key}; {folded:,} nodes below the level of {shown['type'].iloc[-1]} are folded" if folded else key
    )
