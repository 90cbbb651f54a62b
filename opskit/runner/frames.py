"""Frames where nobody can click: pandas' own table, with causes and reasons told whole."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

CELL_CHARACTERS = 500
"""Of a cell at most; pandas itself would cut it after 50."""


def install(shell: Any) -> None:
    """Show every frame that a cell of this kernel ends with so.

    Args:
        shell: the kernel's IPython shell.

    """
    shell.display_formatter.formatters["text/html"].for_type_by_name("pandas", "DataFrame", table)


def table(frame: "pd.DataFrame") -> str | None:
    """The table as HTML; None where pandas is told to show none."""
    import pandas as pd

    with pd.option_context("display.max_colwidth", CELL_CHARACTERS):
        return frame._repr_html_()  # pyright: ignore[reportPrivateUsage]
