"""What proofs measure, kept in `docs/proofs.md`: a table a proof, replaced whenever that proof runs."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "proofs.md"
_HEAD = """# What the proofs measured

Written by `make proof`: each proof replaces its own table, and only once it has passed.
"""


def keep(title: str, about: str, rows: Mapping[str, str], *, page: Path = PAGE) -> None:
    """Replace a proof's table on the page, or add it.

    Args:
        title: of the table; what it is found by.
        about: what was done, a sentence or two.
        rows: what was measured → the figure with its unit.
        page: where.

    """
    text = page.read_text() if page.exists() else _HEAD
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    held = {part.partition("\n")[0]: part for part in parts}
    held[title] = _section(title, about, rows)
    page.write_text(head.rstrip() + "\n" + "".join(f"\n## {held[each].rstrip()}\n" for each in sorted(held)))


def _section(title: str, about: str, rows: Mapping[str, str]) -> str:
    where = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores."
    table = "".join(f"| {what} | {figure} |\n" for what, figure in rows.items())
    return f"{title}\n\n{about} {where}\n\n| what | measured |\n|---|---|\n{table}"
