"""A cluster that answers nothing but its name, and runbooks made of a few cells."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInstalled
from opskit.core.reads import Answer, Answers, ClusterInfo, ListObjects, Place, Read, RunTool, Session
from opskit.core.recorder import Recorder
from opskit.runner import contract
from opskit.runner.contract import Runbook


class BareReader:
    """A cluster on which nothing is installed."""

    def info(self) -> ClusterInfo:
        uid = "11111111-2222-3333-4444-555555555555"
        return ClusterInfo(name="bare", server="https://bare:6443", uid=uid, version="v1.37.2", live=True)

    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        raise NotInstalled("It is not installed.", where=read.plural)

    def answer(self, read: Read, *, deadline: float) -> Answer:
        raise NotInstalled("It is not installed.", where="bare")

    def answers(
        self, reads: Sequence[RunTool], session: Session, *, place: Place, deadline: float
    ) -> Answers:
        return [None] * len(reads)

    def close(self) -> None:
        return


@pytest.fixture
def cluster() -> Cluster:
    """A cluster that answers, on which nothing is installed."""
    return Cluster(BareReader())


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a cluster on which nothing is installed."""
    recorder = Recorder(BareReader())
    systems.load("rook").facts(Cluster(recorder))
    path = tmp_path_factory.mktemp("snapshot") / "bare.opskit"
    recorder.save(path)
    return path


@pytest.fixture(autouse=True)
def runs_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept where the test can see them."""
    home = tmp_path / "runs"
    monkeypatch.setenv("OPSKIT_RUNS", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return home


MakeRunbook = Callable[..., Runbook]

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
OPEN = 'import opskit\nrun = opskit.open_run("rook/try", cluster=cluster)\nrun'


@pytest.fixture
def make(tmp_path: Path) -> MakeRunbook:
    """Write a runbook of these code cells, after the one that opens the run."""

    def runbook(*cells: str, parameters: list[dict[str, Any]] | None = None, **declared: Any) -> Runbook:
        given = parameters or []
        lines = ['cluster = "demo"', *(f"{each['name']} = {each.get('default')!r}" for each in given)]
        code = [new_code_cell("\n".join(lines), metadata={"tags": ["parameters"]})]
        code += [new_code_cell(source) for source in (OPEN, *cells)]
        about = {"title": "Try", "system": "rook", "summary": "A test.", "risk": "none", "changing": False}
        about |= {"parameters": given, **declared}
        notebook = new_notebook(
            cells=[new_markdown_cell("# Try"), *code], metadata={"opskit": about, "kernelspec": KERNEL}
        )
        path = tmp_path / "rook" / "try.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return contract.load(path)

    return runbook
