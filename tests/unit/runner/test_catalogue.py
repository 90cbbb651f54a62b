"""Where runbooks are found, and whose counts when two have one name."""

import json
from pathlib import Path

import pytest

from opskit.core.errors import NotARunbook, UnknownName
from opskit.runner import catalogue
from opskit.runner.contract import Runbook


def write(folder: Path, name: str, title: str = "T") -> Path:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'cluster = "demo"'}
    about = {"title": title, "system": "rook", "summary": "s", "risk": "none", "changing": False}
    path = folder / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [cell], "metadata": {"opskit": about}}))
    return path


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalogue, "shipped", lambda: tmp_path / "shipped")
    monkeypatch.delenv("OPSKIT_RUNBOOKS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    write(tmp_path / "shipped", "rook/health", "shipped")


def test_folders_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "team", "rook/health", "team")
    write(tmp_path / "mine", "rook/health", "mine")
    assert catalogue.find("rook/health").title == "shipped"
    (tmp_path / "opskit.toml").write_text('runbooks = ["team"]')
    assert catalogue.find("rook/health").title == "team"
    monkeypatch.setenv("OPSKIT_RUNBOOKS", str(tmp_path / "mine"))
    assert catalogue.find("rook/health").title == "mine"
    assert catalogue.find("rook/health", [tmp_path / "shipped"]).title == "shipped"


def test_by_path(tmp_path: Path) -> None:
    assert catalogue.find(str(write(tmp_path / "else", "rook/own"))).name == "rook/own"


def test_an_unknown_one_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean rook/health"):
        catalogue.find("rook/helth")


def test_a_broken_one_is_told_and_the_others_stay(tmp_path: Path) -> None:
    write(tmp_path / "shipped", "rook/broken").write_text("{")
    write(tmp_path / "shipped", "rook/.ipynb_checkpoints/x")
    found = list(catalogue.checked())
    assert [type(each) for each in found] == [NotARunbook, Runbook]
    assert [each.name for each in catalogue.every()] == ["rook/health"]


def test_what_ships_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [str(each) for each in catalogue.checked() if isinstance(each, NotARunbook)] == []
