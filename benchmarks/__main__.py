"""Run every benchmark, or those named, and print one table.

python -m benchmarks [NAME ...]
"""

import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

NAMES = ("import_time", "command_line", "list_frame", "figure", "headless", "rook_scale", "reachability")


def main(names: list[str]) -> int:
    """Print the table; the exit code says whether every target was met."""
    table = Table(title="opskit benchmarks: medians of paired runs on this machine")
    for heading in ("what", "opskit", "peer", "ratio", "target", "met"):
        table.add_column(heading)
    missed = 0
    for name in names or NAMES:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        for row in import_module(f"benchmarks.{name}").rows():
            missed += row.met is False
            met = {True: "yes", False: "NO", None: "-"}[row.met]
            table.add_row(row.what, row.ours, row.peer, row.ratio, row.target, met)
    Console(width=None if sys.stdout.isatty() else 170).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
