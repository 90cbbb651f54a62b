"""Run every benchmark, or those named, and print one table.

python -m benchmarks [--write FILE] [NAME ...]
"""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row

NAMES = (
    "import_time",
    "command_line",
    "list_frame",
    "figure",
    "headless",
    "rook_scale",
    "reachability",
    "survey_scale",
)
HEADINGS = ("what", "opskit", "peer", "ratio", "target", "met")
PEERS = ("kubernetes", "nbclient", "plotly", "msgspec", "pandas", "numpy")
"""Libraries whose versions a figure depends on."""


def main(words: list[str]) -> int:
    """Print the table, and write it; the exit code says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a Markdown page of the table, too")
    given = parser.parse_args(words)
    began = _load()
    rows = [row for name in given.names or NAMES for row in _rows(name)]
    _print(rows)
    if given.write:
        given.write.write_text(_page(rows, began=began), encoding="utf-8")
    return 1 if any(row.met is False for row in rows) else 0


def _rows(name: str) -> list[Row]:
    print(f"running {name} ...", file=sys.stderr, flush=True)
    found: list[Row] = import_module(f"benchmarks.{name}").rows()
    return found


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: "-"}[row.met]
    return (row.what, row.ours, row.peer, row.ratio, row.target, met)


def _print(rows: list[Row]) -> None:
    table = Table(*HEADINGS, title="opskit benchmarks: medians of paired runs on this machine")
    for row in rows:
        table.add_row(*_cells(row))
    Console(width=None if sys.stdout.isatty() else 170).print(table)


def _page(rows: list[Row], *, began: str) -> str:
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks --write docs/benchmarks.md`; not edited by hand. Each figure is a",
        "median of runs in processes of their own, ours and the peer's in turn. What is compared, and how,",
        "stands in [`benchmarks/`](../benchmarks).",
        "",
        f"{_machine()}. Load average when it began {began}, when it ended {_load()}: what else ran then",
        "slowed both sides, so read the ratios first.",
        "",
        _line(HEADINGS),
        _line(["---"] * len(HEADINGS)),
        *(_line(_cells(row)) for row in rows),
    ]
    missed = [row for row in rows if row.met is False]
    if missed:
        lines += [
            "",
            "Missed: " + "; ".join(f"{row.what} ({row.ours}, target {row.target})" for row in missed) + ".",
        ]
    return "\n".join(lines) + "\n"


def _line(cells: "tuple[str, ...] | list[str]") -> str:
    return f"| {' | '.join(each.replace('|', '/') for each in cells)} |"


def _machine() -> str:
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS)
    day = datetime.now(UTC).date()
    return f"{day}: {os.cpu_count()} processors, Python {platform.python_version()}, {peers}"


def _load() -> str:
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
