"""HTML as values: everything is escaped unless it is already `Html`; only http(s) links are links."""

import html
import re
from collections.abc import Iterable
from typing import Any

_ATTRIBUTE = re.compile(r"[a-z][a-z-]*")
_LINK = re.compile(r"https?://[^\s\"'<>]+")
_CODE = re.compile(r"`([^`\n]+)`")
_VOID = frozenset({"br", "hr", "meta", "link", "img"})


class Html(str):
    """Text that is safe to insert into a document as it is."""

    __slots__ = ()


def escape(value: object) -> Html:
    """A value's text, escaped for content and quoted attributes."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def el(tag: str, *children: object, **attributes: Any) -> Html:
    """An element.

    Args:
        tag: its name.
        children: escaped unless `Html`; None and "" leave nothing.
        attributes: `class_` is `class`, `aria_label` is `aria-label`; True stands alone, None and
            False are left out.

    """
    shown = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{shown}>")
    inner = "".join(escape(child) for child in children if child is not None)
    return Html(f"<{tag}{shown}>{inner}</{tag}>")


def join(parts: Iterable[object], separator: str = "") -> Html:
    """Parts one after the other."""
    return Html(escape(separator).join(escape(part) for part in parts))


def link(address: str, text: object = "") -> Html:
    """A link, where the address is http or https; else the text alone."""
    if not _LINK.fullmatch(address):
        return escape(text or address)
    return el("a", text or address, href=address, rel="noopener noreferrer")


def prose(text: str) -> Html:
    """Text in which what stands between backticks is code."""
    parts = _CODE.split(text)
    return join(el("code", each) if index % 2 else each for index, each in enumerate(parts))


def table(caption: str, head: Iterable[object], rows: Iterable[Iterable[object]]) -> Html:
    """A table with a caption and column headers; the first cell of each row is its header."""
    columns = el("tr", *(el("th", each, scope="col") for each in head))
    body = (_row(list(cells)) for cells in rows)
    return el("table", el("caption", caption), el("thead", columns), el("tbody", *body))


def _row(cells: list[object]) -> Html:
    return el("tr", el("th", cells[0], scope="row"), *(el("td", each) for each in cells[1:]))


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    key = name.rstrip("_").replace("_", "-")
    if not _ATTRIBUTE.fullmatch(key) or key.startswith("on"):
        raise ValueError(f"{key!r} is no attribute that opskit writes")
    return f" {key}" if value is True else f' {key}="{html.escape(str(value))}"'
