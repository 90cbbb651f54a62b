"""Shipped runbooks, headless on the demo: diagnosing ones to the end, changing ones to apply."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

CASES = {
    "rook/health": ([], "completed"),
    "rook/osd-down": (["osd=4"], "planned-only"),
    "dex/revoke-access": (["user=alice"], "planned-only"),
}


@pytest.mark.parametrize("runbook", CASES)
def test_a_runbook_runs_on_the_demo(runbook: str, tmp_path: Path) -> None:
    given, status = CASES[runbook]
    argv = [
        sys.executable,
        "-m",
        "opskit",
        "run",
        runbook,
        "--cluster",
        "demo",
        "--out",
        str(tmp_path / "run"),
    ]
    done = subprocess.run(
        [*argv, *(part for each in given for part in ("-p", each))],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == status
    notebook = nbformat.read(tmp_path / "run" / "notebook.ipynb", 4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [output for output in outputs if output.get("name") == "stderr"] == []


def test_every_shipped_runbook_is_found_and_valid() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opskit", "runbooks", "--json"], capture_output=True, text=True, check=True
    )
    names = {each["name"] for each in json.loads(done.stdout)}
    root = Path(__file__).parents[2] / "runbooks"
    assert names == {str(path.relative_to(root).with_suffix("")) for path in root.glob("*/*.ipynb")}
