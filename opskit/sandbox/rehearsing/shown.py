"""What a run's notebook showed: its tables and sentences, as a person reads them. Pure."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

Row = Mapping[str, str]


class Shown:
    """What a notebook showed.

    Args:
        notebook: as it was saved by the run; none of it is needed where nothing is answered.

    """

    def __init__(self, notebook: Mapping[str, Any] | None = None) -> None:
        self._outputs = list(_outputs(notebook or {}))

    def rows(self, *columns: str) -> list[Row]:
        """The rows of the first table that has these columns; none where there is no such table."""
        for head, *rows in self._tables():
            if set(columns) <= set(head):
                return [dict(zip(head, row, strict=True)) for row in rows]
        return []

    @property
    def text(self) -> str:
        """Every sentence that was shown, a line each."""
        kinds = ("text/markdown", "text/plain")
        return "\n".join(next((each[kind] for kind in kinds if kind in each), "") for each in self._outputs)

    def _tables(self) -> Iterator[list[list[str]]]:
        for each in self._outputs:
            reader = _Reader()
            reader.feed(each.get("text/html", ""))
            yield from (table for table in reader.tables if table)


def _outputs(notebook: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for cell in notebook.get("cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            yield {kind: _joined(data[kind]) for kind in data if kind.startswith("text/")}


def _joined(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


class _Reader(HTMLParser):
    """Reads tables: each a list of rows, a row the texts of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        del attrs
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Take a cell's text."""
        if self._in_cell:
            self.tables[-1][-1][-1] += data
