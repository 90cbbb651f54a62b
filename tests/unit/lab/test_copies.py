import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import BadValue, NotARunbook
from opskit.lab import copies


def notebook(source: str = 'cluster = "demo"  # where\nosd = None  # which\n', **cell: Any) -> dict[str, Any]:
    tagged = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": source,
        "outputs": [],
        **cell,
    }
    return {"cells": [tagged], "metadata": {"opskit": {"title": "t"}}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "shipped.ipynb"
    path.write_text(json.dumps(notebook()))
    return path


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ('cluster = "demo"  # where', {"cluster": "prod"}, "cluster = 'prod'  # where"),
        ("osd = None  # which", {"osd": 3}, "osd = 3  # which"),
        ("osd: int = 1\nhost = 'a'", {"osd": 2, "host": "b"}, "osd: int = 2\nhost = 'b'"),
        ("hosts = [\n  'a',\n  'b',\n]  # all", {"hosts": ["c"]}, "hosts = ['c']  # all"),
        ("name = 'ü#'; osd = 1", {"osd": 2}, "name = 'ü#'; osd = 2"),
        ("osd = 1", {"other": 2}, "osd = 1"),
        ("osd = 1", {}, "osd = 1"),
    ],
)
def test_filled_changes_the_value_and_nothing_else(
    source: str, values: dict[str, Any], expected: str
) -> None:
    assert copies.filled(source, values) == expected


@given(st.text(max_size=40))
def test_any_text_survives_being_filled_in(text: str) -> None:
    source = copies.filled('a = 1\nb = "x"  # y\nc = 2\n', {"b": text})
    namespace = {each.targets[0].id: ast.literal_eval(each.value) for each in ast.parse(source).body}  # type: ignore[attr-defined]
    assert namespace == {"a": 1, "b": text, "c": 2}


@pytest.mark.parametrize("source", ["osd = ", "\0", "def"])
def test_a_cell_that_is_no_python_is_named(source: str) -> None:
    with pytest.raises(BadValue, match="no Python"):
        copies.filled(source, {"osd": 1})


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "rook/osd-down.ipynb"),
        ({"osd": 3}, "rook/osd-down-osd-3.ipynb"),
        ({"osd": 3, "cluster": "prod/eu"}, "rook/osd-down-cluster-prod-eu-osd-3.ipynb"),
        ({"name": "../../etc"}, "rook/osd-down-name-..-..-etc.ipynb"),
    ],
)
def test_place(tmp_path: Path, parameters: dict[str, Any], expected: str) -> None:
    place = copies.place(tmp_path, "rook/osd-down", parameters)
    assert place == tmp_path / expected
    assert place.resolve().is_relative_to(tmp_path)


def test_make_never_overwrites_and_numbers_on(tmp_path: Path, original: Path) -> None:
    path = tmp_path / "rook" / "osd-down.ipynb"
    made = [copies.make(original, path, name="rook/osd-down", parameters={}) for _ in range(3)]
    assert [each.name for each in made] == ["osd-down.ipynb", "osd-down-2.ipynb", "osd-down-3.ipynb"]
    assert copies.newest(path) == made[-1]
    assert {each.stat().st_mode & 0o777 for each in made} == {0o600}


def test_newest_does_not_take_another_runbook_for_a_copy(tmp_path: Path) -> None:
    for name in ("osd-down-osd-3.ipynb", "osd-download.ipynb"):
        (tmp_path / name).touch()
    assert copies.newest(tmp_path / "osd-down.ipynb") is None


def test_an_edited_copy_is_left_alone(tmp_path: Path, original: Path) -> None:
    path = tmp_path / "osd-down.ipynb"
    copies.renew(original, path, name="rook/osd-down")
    edited = json.loads(path.read_text())
    edited["cells"][0]["source"] += "# mine"
    path.write_text(json.dumps(edited))
    original.write_text(json.dumps(notebook("osd = 1")))
    assert copies.renew(original, path, name="rook/osd-down") == path
    assert json.loads(path.read_text()) == edited
    assert copies.outdated(path, original)


@pytest.mark.parametrize("cell", [{"execution_count": 1}, {"outputs": [{"output_type": "stream"}]}])
def test_a_copy_that_was_run_is_left_alone(tmp_path: Path, original: Path, cell: dict[str, Any]) -> None:
    path = tmp_path / "osd-down.ipynb"
    copies.renew(original, path, name="rook/osd-down")
    ran = json.loads(path.read_text())
    ran["cells"][0].update(cell)
    path.write_text(json.dumps(ran))
    original.write_text(json.dumps(notebook("osd = 1")))
    copies.renew(original, path, name="rook/osd-down")
    assert json.loads(path.read_text()) == ran


def test_an_untouched_copy_follows_the_shipped_notebook(tmp_path: Path, original: Path) -> None:
    path = tmp_path / "osd-down.ipynb"
    copies.renew(original, path, name="rook/osd-down")
    original.write_text(json.dumps(notebook("osd = 7")))
    copies.renew(original, path, name="rook/osd-down")
    assert copies.source(copies.read(path)["cells"][0]) == "osd = 7"
    assert not copies.outdated(path, original)
    assert [each.name for each in tmp_path.glob("*osd-down*")] == ["osd-down.ipynb"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 1}', "[" * 100_000])
def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_text(text)
    with pytest.raises(NotARunbook):
        copies.read(path)
    assert not copies.untouched(path)
