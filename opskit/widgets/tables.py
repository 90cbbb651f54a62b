"""Frames in a live notebook: sortable and searchable while the kernel lives, a plain table ever after."""

from typing import TYPE_CHECKING, Any

from opskit.runner.cards import Static
from opskit.runner.html import Html
from opskit.widgets.twin import Twin

if TYPE_CHECKING:
    import pandas as pd

PAGE_ROWS = 15
"""Rows on a page of the sortable table."""

STATIC_ROWS = 60
"""Rows of the plain table; a longer frame shows its first and last ones."""

MAX_BYTES = "8MB"
"""What is sent to the browser at most."""


def table(frame: "pd.DataFrame") -> Twin:
    """A sortable table with its plain twin; cells are text, never HTML."""
    from itables.widget import ITable

    live = ITable(
        frame,
        classes="display compact",
        style="width:100%;margin:0",
        pageLength=PAGE_ROWS,
        maxBytes=MAX_BYTES,
        allow_html=False,
    )
    return Twin(live, static(frame))


def static(frame: "pd.DataFrame") -> Static:
    """The plain table."""
    return Static(
        Html(frame.to_html(max_rows=STATIC_ROWS, border=0, escape=True, show_dimensions=True)),
        frame.to_string(max_rows=STATIC_ROWS),
    )


def install(shell: Any) -> None:
    """Show every frame that a cell of this kernel ends with as a sortable table."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name("pandas", "DataFrame", _bundle)


def _bundle(frame: "pd.DataFrame", **_: Any) -> dict[str, Any]:
    return table(frame).bundle
