"""HTML outputs made harmless and well-formed: only known elements and attributes pass, and all are closed.

A report's policy keeps scripts from running in any case; this keeps an output from swallowing,
hiding or restyling what stands around it.
"""

from html import escape
from html.parser import HTMLParser

from opskit.runner.html import Html

_VOID = frozenset({"br", "hr", "img", "col", "wbr"})
_TAGS = _VOID | {
    *(
        [
            "a",
            "abbr",
            "article",
            "b",
            "blockquote",
            "caption",
            "code",
            "colgroup",
            "dd",
            "del",
            "details",
            "div",
            "dl",
            "dt",
            "em",
            "figcaption",
            "figure",
        ]
    ),
    *(
        [
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "i",
            "ins",
            "kbd",
            "li",
            "ol",
            "p",
            "pre",
            "s",
            "samp",
            "section",
            "small",
            "span",
            "strong",
            "style",
        ]
    ),
    *(["sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"]),
}
_DROPPED = frozenset(
    {"script", "iframe", "object", "template", "noscript", "textarea", "title", "svg", "math"}
)
"""Gone with all that is in them."""
_ATTRIBUTES = frozenset(
    [
        "class",
        "id",
        "style",
        "title",
        "role",
        "scope",
        "colspan",
        "rowspan",
        "open",
        "alt",
        "width",
        "height",
        "dir",
        "lang",
        "rel",
    ]
)


def sanitized(text: str) -> Html:
    """The harmless part of some HTML, well-formed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Html("".join([*reader.parts, *(f"</{tag}>" for tag in reversed(reader.open))]))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or tag in _DROPPED:
            if tag in _DROPPED:
                self._dropping.append(tag)
            return
        if tag in _TAGS:
            shown = "".join(
                f' {name}="{escape(value or "")}"' for name, value in attrs if _passes(name, value)
            )
            self.parts.append(f"<{tag}{shown}>")
            if tag not in _VOID:
                self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
            return
        if tag in self.open:
            while (last := self.open.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            in_style = bool(self.open) and self.open[-1] == "style"
            self.parts.append(data.replace("<", "") if in_style else escape(data, quote=False))


def _passes(name: str, value: str | None) -> bool:
    if name == "href":
        return (value or "").startswith(("https://", "http://", "#"))
    if name == "src":
        return (value or "").startswith("data:image/")
    return name in _ATTRIBUTES or name.startswith(("aria-", "data-"))
