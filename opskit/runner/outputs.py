"""A notebook's cells and outputs as HTML of the report: static, escaped, figures by plotly.js."""

import json
import re
from collections.abc import Iterator
from typing import Any

from opskit.runner.html import Html, el
from opskit.runner.sanitize import sanitized

PLOTLY = "application/vnd.plotly.v1+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def cells(notebook: Any) -> Html:
    """Every cell with its outputs."""
    return Html("".join(_cell(cell) for cell in notebook["cells"]))


def has_figures(notebook: Any) -> bool:
    """Whether plotly.js is needed."""
    return any(
        PLOTLY in (output.get("data") or {})
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
    )


def _cell(cell: Any) -> Html:
    source = _text(cell.get("source", ""))
    if cell["cell_type"] == "markdown":
        return el("section", _markdown(source), class_="words")
    if cell["cell_type"] != "code" or not source.strip():
        return Html()
    code = el("details", el("summary", _summary(source)), el("pre", el("code", source)))
    state = cell.get("metadata", {}).get("papermill", {}).get("status", "")
    if state == "completed" and not cell.get("outputs"):
        return el("div", code, class_="quiet")
    missing = el("p", "This cell did not run.", class_="soft") if state == "pending" else ""
    return el(
        "section", code, missing, *(output for each in cell.get("outputs", []) for output in _output(each))
    )


def _summary(source: str) -> str:
    lines = [line.strip() for line in source.splitlines() if line.strip() and not line.startswith("#")]
    return lines[-1] if lines else "comment"


def _markdown(source: str) -> Html:
    import mistune

    # Raw HTML is escaped, and links of other schemes than the web's are made harmless.
    return Html(str(mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])(source)))


def _output(output: Any) -> Iterator[Html]:
    match output["output_type"]:
        case "stream":
            yield el("pre", _plain(output["text"]), class_="stream")
        case "error":
            yield _error(output)
        case _:
            yield _data(output.get("data") or {})


def _error(output: Any) -> Html:
    lines = _plain("\n".join(output.get("traceback", [])))
    head = el("p", el("strong", str(output.get("ename", "Error"))), ": ", str(output.get("evalue", "")))
    more = el("details", el("summary", "Traceback"), el("pre", lines)) if lines.count("\n") > 1 else ""
    return el("div", head, more, class_="failed", role="alert")


def _data(data: Any) -> Html:
    if PLOTLY in data:
        return _figure(data[PLOTLY])
    if "text/html" in data:
        return el("div", sanitized(_text(data["text/html"])), class_="html")
    if "image/svg+xml" in data:
        return Html()
    if "image/png" in data and _BASE64.fullmatch(_text(data["image/png"])):
        src = "data:image/png;base64," + "".join(_text(data["image/png"]).split())
        return el("img", src=src, alt=_text(data.get("text/plain", "image")))
    if "text/markdown" in data:
        return _markdown(_text(data["text/markdown"]))
    return el("pre", _plain(data.get("text/plain", "")))


def _figure(figure: Any) -> Html:
    title = (figure.get("layout") or {}).get("title") or {}
    label = title.get("text", "") if isinstance(title, dict) else title
    # `<` would end the script element, whatever the type says.
    content = Html(
        json.dumps({"data": figure["data"], "layout": figure.get("layout", {})}).replace("<", "\\u003c")
    )
    data = el("script", content, type="application/json")
    return el("figure", data, el("div", role="img", aria_label=f"Figure: {label}"), class_="plot")


def _plain(text: Any) -> str:
    return _ANSI.sub("", _text(text))


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
