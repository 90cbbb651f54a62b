from pathlib import Path

import pytest

from opskit.core.errors import BadValue, UnknownName
from opskit.lab import catalogue, copies


def test_every_shipped_runbook_has_a_card(tmp_path: Path) -> None:
    cards = [entry.card(tmp_path) for entry in catalogue.entries()]
    osd_down = next(card for card in cards if card["name"] == "rook/osd-down")
    assert osd_down["kind"] == "runbook"
    assert osd_down["changes"]
    assert osd_down["system"] == "rook"
    assert not osd_down["opened"]
    assert all(card["title"] and card["summary"] for card in cards)


def test_a_remedy_opens_a_new_copy_with_its_parameters(tmp_path: Path) -> None:
    entry = catalogue.find("rook/osd-down")
    path = catalogue.open_copy(entry, tmp_path, given={"osd": "3", "cluster": "prod"})
    again = catalogue.open_copy(entry, tmp_path, given={"osd": 3, "cluster": "prod"})
    assert path.name == "osd-down-cluster-prod-osd-3.ipynb"
    assert again.name == "osd-down-cluster-prod-osd-3-2.ipynb"
    source = next(copies.source(cell) for cell in copies.read(path)["cells"] if "tags" in cell["metadata"])
    assert "osd = 3  #" in source
    assert "cluster = 'prod'  #" in source


def test_open_again_is_the_same_copy_and_fresh_is_a_new_one(tmp_path: Path) -> None:
    entry = catalogue.find("rook/osd-down")
    first = catalogue.open_copy(entry, tmp_path, given={})
    assert catalogue.open_copy(entry, tmp_path, given={}) == first
    assert catalogue.open_copy(entry, tmp_path, given={}, fresh=True) != first


@pytest.mark.parametrize(
    ("given", "error"),
    [({"osd": "three"}, BadValue), ({"ozd": 3}, UnknownName), ({"osd": -1}, BadValue)],
)
def test_a_wrong_parameter_makes_no_copy(tmp_path: Path, given: dict[str, object], error: type) -> None:
    with pytest.raises(error):
        catalogue.open_copy(catalogue.find("rook/osd-down"), tmp_path, given=given)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_runbook_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="rook/osd-down"):
        catalogue.find("rook/osd-dwn")


def test_lay_out_makes_every_copy_once(tmp_path: Path) -> None:
    catalogue.lay_out(tmp_path)
    first = sorted(tmp_path.rglob("*.ipynb"))
    catalogue.lay_out(tmp_path)
    assert sorted(tmp_path.rglob("*.ipynb")) == first
    assert len(first) == len(catalogue.entries())


def test_a_runbook_whose_contract_is_wrong_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bad.ipynb").write_text("{}")
    monkeypatch.setenv("OPSKIT_RUNBOOKS", str(tmp_path))
    names = [entry.name for entry in catalogue.entries()]
    assert "rook/osd-down" in names
    assert "own/bad" not in names
