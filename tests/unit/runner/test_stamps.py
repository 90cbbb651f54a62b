"""A stamp says what a runbook was proven on, and does not hold for other code."""

import json
from pathlib import Path
from typing import Any

import pytest

from opskit.core.errors import ConfigError
from opskit.runner import contract, stamps
from opskit.runner.declared import Rehearsed

CELL = 'cluster = "demo"\nosd = None  # integer'
MADE = Rehearsed(
    profile="light",
    fault="osd-down osd=3",
    verdict="well",
    witness=("ceph status",),
    at="2026-11-25",
    seconds=41,
    cells="",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    meta = {
        "title": "Bring back an OSD",
        "system": "rook",
        "summary": "An OSD is down.",
        "risk": "low",
        "changing": True,
        "parameters": [{"name": "osd", "type": "integer"}],
        "proven": {"ceph": ["15.0.0"]},
    }
    tagged = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": [CELL], "outputs": []}
    notebook = {"cells": [tagged, _code("run.plan()")], "metadata": {"opskit": meta}, "nbformat": 4}
    made = tmp_path / "rook" / "osd-down.ipynb"
    made.parent.mkdir()
    made.write_text(json.dumps(notebook, indent=1) + "\n")
    return made


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}


def _change(path: Path, change: Any) -> None:
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1) + "\n")


def test_a_stamp_says_what_when_and_how(path: Path) -> None:
    assert stamps.proof(contract.load(path)) == "ceph 15.0.0"
    stamps.stamp(contract.load(path), MADE, {"ceph": "16.2.15"})
    runbook = contract.load(path)
    assert runbook.proven == {"ceph": ("16.2.15",)}, "what no stamp tells of may have been other code"
    assert runbook.rehearsed is not None
    assert (runbook.rehearsed.fault, runbook.rehearsed.witness) == ("osd-down osd=3", ("ceph status",))
    assert stamps.stale(runbook) == ""
    assert stamps.proof(runbook) == "ceph 16.2.15, rehearsed 2026-11-25"


def test_versions_add_up_until_the_code_is_another(path: Path) -> None:
    stamps.stamp(contract.load(path), MADE, {"ceph": "16.2.15"})
    stamps.stamp(contract.load(path), MADE, {"ceph": "19.2.3"})
    assert contract.load(path).proven == {"ceph": ("16.2.15", "19.2.3")}
    _change(path, lambda notebook: notebook["cells"].append(_code("run.apply()")))
    stamps.stamp(contract.load(path), MADE, {"ceph": "20.2.0"})
    assert contract.load(path).proven == {"ceph": ("20.2.0",)}


def test_other_cells_make_it_stale_and_what_they_displayed_does_not(path: Path) -> None:
    stamps.stamp(contract.load(path), MADE, {"ceph": "16.2.15"})
    _change(path, lambda notebook: notebook["cells"][1].update(outputs=[{"output_type": "stream"}]))
    assert stamps.stale(contract.load(path)) == ""
    _change(path, lambda notebook: notebook["cells"][1].update(source=["run.plan(plans.other)"]))
    why = "its cells changed since the rehearsal of 2026-11-25"
    assert stamps.stale(contract.load(path)) == why
    assert stamps.proof(contract.load(path)) == f"ceph 16.2.15, stale: {why}"


def test_other_plans_make_it_stale(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "systems" / "rook"
    (room / "plans").mkdir(parents=True)
    (room / "plans" / "osd.py").write_text("steps = 1\n")
    (room / "checks.py").write_text("\n")
    monkeypatch.setattr(stamps, "_SYSTEMS", room.parent)
    stamps.stamp(contract.load(path), MADE, {"ceph": "16.2.15"})
    (room / "checks.py").write_text("judged = 2\n")
    assert stamps.stale(contract.load(path)) == ""
    (room / "plans" / "osd.py").write_text("steps = 2\n")
    assert "what makes its plans changed" in stamps.stale(contract.load(path))


def test_nothing_but_the_stamp_differs(path: Path) -> None:
    before = path.read_text().splitlines()
    stamps.stamp(contract.load(path), MADE, {"ceph": "15.0.0"})
    after = path.read_text().splitlines()
    assert [line for line in before if line.rstrip(",") not in {each.rstrip(",") for each in after}] == []
    laid_out = json.dumps(json.loads(path.read_text()), indent=1, ensure_ascii=False, sort_keys=True)
    assert path.read_text() == laid_out + "\n"


def test_an_unwritable_notebook_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    runbook = contract.load(path)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigError, match="No space left"):
        stamps.stamp(runbook, MADE, {})
