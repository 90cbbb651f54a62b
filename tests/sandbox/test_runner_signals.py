"""Promise 10: SIGTERM at any moment of a run ends it in time, with no orphan and never as completed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInstalled
from opskit.core.reads import Answer, ClusterInfo, ListObjects, Read
from opskit.core.recorder import Recorder

pytestmark = pytest.mark.sandbox

STEPS = [
    pytest.param(0.05, id="every 50 ms", marks=pytest.mark.proof),
    pytest.param(0.5, id="every half second"),
]
"""Seconds from one moment of the signal to the next; at 50 ms it takes many minutes."""
IN_TIME = 10.0
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class BareReader:
    """A cluster on which nothing is installed."""

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="bare", server="https://bare:6443", uid="u-1", version="v1.37.2", live=True)

    def now(self) -> object:
        from datetime import UTC, datetime

        return datetime(2026, 1, 2, tzinfo=UTC)

    def pages(self, read: ListObjects, *, deadline: float) -> object:
        raise NotInstalled("It is not installed.", where=read.plural)

    def answer(self, read: Read, *, deadline: float) -> Answer:
        raise NotInstalled("It is not installed.", where="bare")

    def answers(self, reads: list[Read], *_: object, **__: object) -> list[None]:
        return [None for _ in reads]

    def close(self) -> None:
        return


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recorder = Recorder(BareReader())  # type: ignore[arg-type]
    systems.load("rook").facts(Cluster(recorder))  # type: ignore[arg-type]
    path = tmp_path_factory.mktemp("snapshot") / "bare.opskit"
    recorder.save(path)
    return path


@pytest.fixture(scope="module")
def runbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cells = [new_code_cell('cluster = "demo"', metadata={"tags": ["parameters"]})]
    cells += [
        new_code_cell(each)
        for each in (
            'import opskit\nrun = opskit.open_run("rook/try", cluster=cluster)',
            "import time\ntime.sleep(0.5)",
            "run.findings()",
            "run.verify()",
        )
    ]
    about = {"title": "Try", "system": "rook", "summary": "s", "risk": "none", "changing": False}
    path = tmp_path_factory.mktemp("books") / "rook" / "try.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=cells, metadata={"opskit": about, "kernelspec": KERNEL}), path)
    return path


def orphans(runs: Path) -> list[psutil.Process]:
    """Kernels of runs that are kept there; those of others on this machine are not ours to judge."""
    kernels = [
        each
        for each in psutil.process_iter(["cmdline"])
        if "opskit.runner.kernel" in (each.info["cmdline"] or [])
    ]
    return [each for each in kernels if _runs_of(each) == str(runs)]


def _runs_of(kernel: psutil.Process) -> str:
    try:
        return kernel.environ().get("OPSKIT_RUNS", "")
    except psutil.Error:
        return ""


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("step", STEPS)
def test_sigterm_at_any_moment(step: float, runbook: Path, bare: Path, tmp_path: Path) -> None:
    delay, undisturbed = 0.0, False
    while not undisturbed:
        out = tmp_path / f"{round(delay * 1000)}"
        env = {**os.environ, "OPSKIT_RUNS": str(tmp_path / "runs")}
        argv = [
            sys.executable,
            "-m",
            "opskit",
            "run",
            str(runbook),
            "--cluster",
            str(bare),
            "--out",
            str(out),
        ]
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(delay)
            undisturbed = True
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            code = process.wait(60)
            assert time.monotonic() - asked < IN_TIME, f"at {delay:.2f} s"
            check(code, out, delay)
        assert orphans(tmp_path / "runs") == [], f"at {delay:.2f} s"
        delay += step


def check(code: int, out: Path, delay: float) -> None:
    where = f"at {delay:.2f} s"
    if not (out / "run.json").exists():
        assert code in (143, -signal.SIGTERM), where
        return
    record = json.loads((out / "run.json").read_text())
    if code == 0:
        # The signal came after the last cell: all of it was done.
        assert record["status"] == "completed", where
        return
    assert code == 143, where
    assert record["status"] == "stopped", where
    assert record["exit_code"] == 143, where
    if (out / "notebook.ipynb").exists():
        notebook = json.loads((out / "notebook.ipynb").read_text())
        states = [cell["metadata"].get("papermill", {}).get("status") for cell in notebook["cells"]]
        assert not (states and set(states) == {"completed"} and not (out / "verdict.json").exists()), where
