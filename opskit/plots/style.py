"""How every figure looks: a palette that colour-blind people can tell apart, a title that says what is so.

Colours are Okabe and Ito's set; a meaning is never carried by colour alone: shape, dash or text says it too.
"""

import importlib
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from opskit.core.lightly import library

BLUE, ORANGE, VERMILION, GREEN = "#0072B2", "#E69F00", "#D55E00", "#009E73"
SKY, PURPLE, YELLOW, GREY, INK = "#56B4E9", "#CC79A7", "#F0E442", "#8C8C8C", "#1F2933"
PALE = "#E5E9F0"

SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, GREY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")

GOOD, NOTICE, BAD = BLUE, ORANGE, VERMILION

TITLE_WIDTH = 95
"""Characters of a title's line."""
DETAIL_WIDTH = 130


def figure(sentence: str, *, detail: str = "", height: int = 420, room: int = 0) -> go.Figure:
    """An empty figure whose title says the conclusion.

    Args:
        sentence: what is so, as one sentence; also the figure's text for those who can't see it.
        detail: a second, smaller line: how much of what, since when, from where.
        height: pixels.
        room: further pixels above the plot, for names of thresholds.

    """
    lines = wrap(sentence, TITLE_WIDTH) or [""]
    small = "".join(
        f"<br><span style='font-size:12px;color:#52606D'>{line}</span>" for line in wrap(detail, DETAIL_WIDTH)
    )
    # Plotly looks for nbformat when it shows its first figure.
    library("nbformat")
    top = 46 + 22 * len(lines) + 18 * len(wrap(detail, DETAIL_WIDTH)) + room
    made = go.Figure()
    made.update_layout(
        template="plotly_white",
        title={
            "text": "<br>".join(f"<b>{line}</b>" for line in lines) + small,
            "font": {"size": 16, "color": INK},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1.0,
            "yref": "container",
            "automargin": False,
            "yanchor": "top",
            "pad": {"t": 18},
        },
        margin={"l": 70, "r": 30, "t": top, "b": 60},
        height=height,
        font={"family": "system-ui, sans-serif", "size": 13, "color": INK},
        colorway=list(SERIES),
        hovermode="closest",
        meta={"sentence": sentence},
        legend={"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top"},
    )
    made.update_xaxes(gridcolor=PALE, zeroline=False, automargin=True)
    made.update_yaxes(gridcolor=PALE, zeroline=False, automargin=True)
    return made


def load() -> None:
    """Load what plotly loads when its first figure is made, so that the first one is no slower."""
    made = figure("")
    made.add_trace(go.Scatter(x=np.zeros(2), y=np.zeros(2)))
    made.add_trace(go.Scattergl(x=np.zeros(2), y=np.zeros(2)))
    made.add_trace(go.Bar(x=np.zeros(2), y=np.zeros(2)))
    made.to_json()
    importlib.import_module("plotly.io").renderers  # noqa: B018 - plotly loads it when it is first asked for


def sentence(figure: go.Figure) -> str:
    """What a figure shows, in one sentence, for those who can't see it and for reports in text."""
    drawn: dict[str, Any] = figure.to_plotly_json()
    return str(drawn["layout"].get("meta", {}).get("sentence", ""))


def nothing(sentence: str, *, detail: str = "") -> go.Figure:
    """A figure that says why there is nothing to draw."""
    made = figure(sentence, detail=detail, height=160)
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False)
    return made


def unread(frame: pd.DataFrame) -> str:
    """Why a frame could not be read, in its first sentence; "" when it could."""
    return str(frame.attrs.get("unread", "")).partition(" Next: ")[0]


def limit(
    made: go.Figure,
    value: float,
    text: str,
    *,
    colour: str,
    dash: str,
    axis: str = "y",
    at: float = 0.0,
) -> None:
    """A threshold with its name written on it.

    Args:
        made: the figure.
        value: where it lies.
        text: its name.
        colour: of the line; the text is in ink.
        dash: of the line.
        axis: the one that it is a value of.
        at: how far along a horizontal line the name stands, 0 to 1.

    """
    place: dict[str, Any] = {
        "annotation_text": text,
        "annotation_font": {"size": 11, "color": INK},
        "annotation_bgcolor": "rgba(255,255,255,0.85)",
    }
    line: dict[str, Any] = {"line_color": colour, "line_dash": dash, "line_width": 1.5}
    if axis == "y":
        made.add_hline(value, annotation_position="top left", annotation_x=at, **place, **line)
    else:
        made.add_vline(value, annotation_position="top", annotation_textangle=-35, **place, **line)


def column(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """A column as an array, which plotly takes 30 times faster than a list."""
    return np.asarray(frame[name])


def numbers(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """A column as 32-bit floats: half the bytes, and no figure shows more digits."""
    return np.asarray(frame[name], dtype="float32")


def times(frame: pd.DataFrame, name: str = "time") -> NDArray[Any]:
    """A column of moments as datetime64[us] in UTC."""
    index = pd.DatetimeIndex(frame[name])
    return np.asarray((index.tz_convert(None) if index.tz else index).values, dtype="datetime64[us]")


def clock(moment: Any) -> str:
    """A datetime64 for people, in UTC."""
    return str(moment.astype("datetime64[m]")).replace("T", " ") + " UTC"


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, each by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size(bytes_: float) -> str:
    """Bytes for people: `1.5 TiB`."""
    value, unit = float(bytes_), 0
    while abs(value) >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {UNITS[unit]}"


def duration(seconds: float) -> str:
    """Seconds for people: `3 h 20 min`, `12 days`."""
    if seconds >= 2 * 86_400:
        return f"{seconds / 86_400:.0f} days"
    if seconds >= 3_600:
        return f"{int(seconds // 3_600)} h {int(seconds % 3_600 // 60)} min"
    return f"{int(seconds // 60)} min" if seconds >= 60 else f"{int(seconds)} s"


def days(number: float) -> str:
    """Days for people: `5 h`, `3 days`, `over a year`."""
    if number > 365:
        return "over a year"
    return duration(number * 86_400)
