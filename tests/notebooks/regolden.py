"""Makes golden notebooks anew: `python tests/notebooks/regolden.py [BOOK …]`, or `make golden BOOKS="…"`.

Look at the difference before you commit it: whatever changed in it is what a user will see changed.
"""

import os
import sys
import tempfile
from pathlib import Path

import goldens
import nbformat
from goldens import Golden
from nbclient import NotebookClient
from traitlets.config import Config

CELL_SECONDS = 120


def main(books: list[str]) -> int:
    """Make the goldens of these books, all without any; the exit code."""
    wanted = [golden for golden in goldens.every() if not books or golden.book in books]
    unknown = sorted(set(books) - {golden.book for golden in wanted})
    if unknown:
        known = ", ".join(sorted({golden.book for golden in goldens.every()}))
        print(f"No such book has goldens: {', '.join(unknown)}. There are: {known}.", file=sys.stderr)
        return 2
    worthless = [golden for golden in wanted if not make(golden)]
    return 1 if worthless else 0


def make(golden: Golden) -> bool:
    """Run one and keep it; False where it is worthless as a golden, and the old one stays."""
    print(f"{golden.name} …", end=" ", file=sys.stderr, flush=True)
    notebook = golden.unexecuted()
    golden.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _run(notebook, Path(folder), golden.path.parent)
    wrong = goldens.flaws(notebook)
    if not wrong:
        nbformat.write(notebook, golden.path)
    print("; ".join(wrong) or "made", file=sys.stderr)
    return not wrong


def _run(notebook: nbformat.NotebookNode, folder: Path, where: Path) -> None:
    os.environ.update(goldens.environment(folder))
    private = Config({"KernelManager": {"transport": "ipc", "ip": str(folder / "ipc")}})
    options = {"timeout": CELL_SECONDS, "allow_errors": True, "record_timing": False}
    client = NotebookClient(notebook, config=private, **options)
    client.execute(cwd=str(where))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
