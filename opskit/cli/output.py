"""Results on standard output: tables for people, JSON for machines."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_PIPE_COLUMNS = 160


def print_json(value: Any) -> None:
    """A value as JSON, indented."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_text(text: str) -> None:
    """Lines, as they are."""
    sys.stdout.write(text + "\n")


def save_text(path: Path, text: str) -> None:
    """Write a file that was asked for by an option.

    Raises:
        ConfigError: it can't be written.

    """
    from opskit.core.errors import ConfigError

    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise ConfigError(
            f"The file can't be written: {error.strerror or error}.",
            where=str(path),
            hint="name another path",
        ) from None


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; without colours and borders, so that it can be piped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        # Text, not markup: what a server says is never interpreted.
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    console.print(table)
