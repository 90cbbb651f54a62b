"""What the catalogue and the launcher show: every shipped runbook and lesson, and the user's copies."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opskit.core.errors import UnknownName
from opskit.core.findings import Data
from opskit.lab import copies
from opskit.runner import catalogue, stamps
from opskit.runner import parameters as parameters_of
from opskit.runner.contract import Runbook


class Entry(Data, frozen=True):
    """A runbook or a lesson."""

    name: str
    """`rook/osd-down`; `lessons/01-ceph`."""
    title: str
    summary: str
    path: Path
    runbook: Runbook | None = None
    """None for a lesson."""

    def card(self, folder: Path) -> dict[str, Any]:
        """What the front end shows.

        Args:
            folder: where the user's copies are.

        Returns:
            `{name, title, summary, kind, system, risk, duration, changes, proven, opened, outdated}`.

        """
        there = copies.newest(copies.place(folder, self.name, {}))
        copy = there if there and not copies.untouched(there) else None
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "kind": "runbook" if self.runbook else "lesson",
            **_declared(self.runbook),
            "opened": copy is not None,
            "outdated": copy is not None and copies.outdated(copy, self.path),
        }


def entries() -> list[Entry]:
    """Every shipped runbook, by name, then every lesson."""
    return [*_runbooks(), *_lessons()]


def find(name: str) -> Entry:
    """One entry.

    Raises:
        UnknownName: there is none of that name.

    """
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        raise UnknownName.among("runbook", name, known)
    return known[name]


def open_copy(entry: Entry, folder: Path, *, given: Mapping[str, Any], fresh: bool = False) -> Path:
    """The user's copy of an entry, made if need be.

    Args:
        entry: what to open.
        folder: where the user's copies are.
        given: parameters to fill in; with any, the copy is always a new one.
        fresh: make a new copy even where there is one.

    Returns:
        The notebook's file.

    Raises:
        UnknownName, BadValue: a parameter does not exist, or a value does not parse.

    """
    parameters = _canonical(entry, given)
    path = copies.place(folder, entry.name, parameters)
    if fresh or parameters:
        return copies.make(entry.path, path, name=entry.name, parameters=parameters)
    return copies.renew(entry.path, path, name=entry.name)


def lay_out(folder: Path) -> None:
    """Make the plain copy of every entry, so that links from one notebook to the next lead somewhere."""
    for entry in entries():
        copies.renew(entry.path, copies.place(folder, entry.name, {}), name=entry.name)


def _canonical(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    declared = entry.runbook.parameters if entry.runbook else ()
    known = {each.name: each for each in declared}
    wrong = parameters_of.problems(declared, given)
    for error in (wrong[name] for name in given if name in wrong):
        raise error
    return {name: known[name].show(known[name].parse(value)) for name, value in given.items()}


def _declared(runbook: Runbook | None) -> dict[str, Any]:
    if runbook is None:
        return {"system": "", "risk": "none", "duration": "", "changes": False, "proven": []}
    return {
        "system": runbook.system,
        "risk": runbook.risk,
        "duration": runbook.duration,
        "changes": runbook.changing,
        "proven": [proof] if (proof := stamps.proof(runbook)) else [],
    }


def _runbooks() -> Iterator[Entry]:
    for each in catalogue.every():
        yield Entry(
            name=each.name, title=each.title, summary=each.summary, path=Path(each.path), runbook=each
        )


def _lessons() -> Iterator[Entry]:
    for path in sorted(_lessons_folder().glob("*.ipynb")):
        title, summary = _heading(copies.read(path))
        yield Entry(name=f"lessons/{path.stem}", title=title or path.stem, summary=summary, path=path)


def _lessons_folder() -> Path:
    wheel = Path(__file__).parents[1] / "_notebooks"
    return wheel if wheel.is_dir() else wheel.parents[1] / "notebooks"


def _heading(notebook: copies.Notebook) -> tuple[str, str]:
    cells = (copies.source(cell) for cell in notebook["cells"] if cell.get("cell_type") == "markdown")
    lines = [line.strip() for line in next(cells, "").splitlines() if line.strip()]
    title = next((line.lstrip("# ") for line in lines if line.startswith("#")), "")
    summary = next((line for line in lines if not line.startswith("#")), "")
    return title, summary
