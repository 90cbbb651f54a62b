"""Golden notebooks: which there are, what they are made from, and what makes one worthless.

A golden is a shipped notebook with the outputs that it had on a recorded demo cluster; `pytest` (nbval)
runs it again and compares every output. `regolden.py` makes them.
"""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from opskit.runner import contract

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = HERE / "golden"
TEACHING = "teaching"
PARAMETERS = "parameters"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """One golden notebook."""

    book: str
    """`rook/health`, or `teaching/01-ceph-components`."""
    source: Path
    """The shipped notebook."""
    state: str = ""
    """The demo's state; empty is `demo` itself."""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return FOLDER / f"{self.book}{f'@{self.state}' if self.state else ''}.ipynb"

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return str(self.path.relative_to(FOLDER).with_suffix(""))

    def unexecuted(self) -> NotebookNode:
        """The shipped notebook as it is run here: without outputs, its parameters set."""
        notebook = nbformat.read(self.source, 4)
        values = {**({"cluster": f"demo:{self.state}"} if self.state else {}), **self.parameters}
        given = "".join(f"\n{name} = {value!r}" for name, value in values.items())
        for cell in _code(notebook):
            cell.outputs, cell.execution_count = [], None
            if given and PARAMETERS in cell.metadata.get("tags", []):
                cell.source = f"{cell.source}\n{given}"
        return notebook


def every() -> list[Golden]:
    """All goldens that there should be."""
    extra = tomllib.loads((HERE / "goldens.toml").read_text())
    return [golden for book, source in _books() for golden in _of(book, source, extra.get(book, {}))]


def _books() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "runbooks").glob("*/*.ipynb")):
        if not contract.load(path).changing:
            yield f"{path.parent.name}/{path.stem}", path
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield f"{TEACHING}/{path.stem}", path


def _of(book: str, source: Path, extra: dict[str, Any]) -> Iterator[Golden]:
    for state in ("", *extra.get("states", [])):
        yield Golden(book=book, source=source, state=state, parameters=extra.get("parameters", {}))


def environment(folder: Path) -> dict[str, str]:
    """What a golden's kernel runs under: run folders in `folder`, and nothing of the user's own clusters."""
    nowhere = str(folder / "none")
    own = {"OPSKIT_RUNS": str(folder / "runs"), "KUBECONFIG": nowhere, "IPYTHONDIR": str(folder / "ipython")}
    return {**os.environ, **own, "TZ": "UTC"}


def flaws(notebook: NotebookNode) -> list[str]:
    """Why comparing with this notebook would prove nothing; empty when it would."""
    cells = _code(notebook)
    found = [] if cells else ["it has no code cell"]
    for number, cell in enumerate(cells, start=1):
        found += [f"cell {number} {why}" for why in _flaws_of(cell, number)]
    return found


def _flaws_of(cell: NotebookNode, number: int) -> Iterator[str]:
    if cell.execution_count != number:
        yield "was not executed in order" if cell.execution_count else "was not executed"
    elif not cell.outputs and PARAMETERS not in cell.metadata.get("tags", []):
        yield "has no output"
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"failed: {output.ename}"
        if output.get("name") == "stderr":
            yield "wrote to standard error"


def sources(notebook: NotebookNode) -> list[str]:
    """The code cells' sources."""
    return [cell.source for cell in _code(notebook)]


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
