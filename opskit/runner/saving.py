"""The notebook of a run: saved after each cell, scrubbed, by rename, with the status that is true.

The per-cell metadata are papermill's (`metadata.papermill`), so that its tools read them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opskit.core.secrets import scrub
from opskit.runner.files import write_private
from opskit.runner.notebooks import dumps

PENDING, RUNNING, COMPLETED, FAILED = "pending", "running", "completed", "failed"


class SavedNotebook:
    """A notebook in progress.

    Args:
        notebook: nbformat's node.
        paths: where it is saved; each is replaced as a whole.

    """

    def __init__(self, notebook: Any, *paths: Path) -> None:
        self.notebook = notebook
        self.paths = paths

    def begin(self) -> None:
        """Clear outputs and statuses of an earlier execution, and save."""
        about = self.notebook.metadata.setdefault("papermill", {})
        about.update(start_time=_now(), end_time=None, duration=None, exception=None)
        for cell in self.notebook.cells:
            cell.metadata["papermill"] = {
                "exception": None,
                "start_time": None,
                "end_time": None,
                "duration": None,
            }
            cell.metadata["papermill"]["status"] = PENDING
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        self.save()

    def cell_began(self, cell: Any) -> None:
        """A cell starts."""
        cell.metadata["papermill"].update(start_time=_now(), status=RUNNING, exception=False)

    def cell_ended(self, cell: Any, *, ok: bool) -> None:
        """A cell ended; the notebook is saved."""
        about = cell.metadata["papermill"]
        about.update(end_time=_now(), status=COMPLETED if ok else FAILED, exception=not ok)
        about["duration"] = _seconds(about["start_time"], about["end_time"])
        if not ok:
            self.notebook.metadata.papermill["exception"] = True
        self.save()

    def end(self, **about: Any) -> None:
        """Keep the times and how it ended; a cell that never ran stays `pending`."""
        whole = self.notebook.metadata.papermill
        whole["end_time"] = _now()
        whole["duration"] = _seconds(whole["start_time"], whole["end_time"])
        self.notebook.metadata["opskit_run"] = about
        self.save()

    def save(self) -> None:
        """Write the notebook, scrubbed.

        Raises:
            OSError: it could not be written; the one saved before is still there.

        """
        text = scrub(dumps(self.notebook)).encode()
        for path in self.paths:
            write_private(path, text)


def inject(notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Put parameters after the cell that is tagged `parameters`, replacing what was injected before.

    Args:
        notebook: nbformat's node.
        parameters: canonical values.

    """
    from nbformat.v4 import new_code_cell

    source = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())])
    cell = new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    cell["id"] = "opskit-parameters"
    kept = [each for each in notebook.cells if "injected-parameters" not in each.metadata.get("tags", [])]
    places = [index for index, each in enumerate(kept) if "parameters" in each.metadata.get("tags", [])]
    kept.insert(places[0] + 1 if places else 0, cell)
    notebook.cells = kept


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _seconds(start: str, end: str) -> float:
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 6)
