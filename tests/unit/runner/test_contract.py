"""A notebook is a runbook when its contract holds; everything that is wrong is named."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import NotARunbook
from opskit.runner import contract

OSD = {"name": "osd", "type": "integer", "minimum": 0}
META: dict[str, Any] = {
    "title": "Bring back an OSD",
    "system": "rook",
    "summary": "An OSD is down.",
    "risk": "low",
    "changing": True,
    "duration": "10m",
    "parameters": [OSD],
    "rights": {
        "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}],
        "other": ["Ceph"],
    },
    "proven": {"ceph": ["18.2.7"]},
}
CELL = 'cluster = "demo"\nosd = None  # integer'


def notebook(meta: Any = META, cell: str = CELL) -> dict[str, Any]:
    tagged = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": cell.splitlines(keepends=True),
    }
    return {"cells": [tagged], "metadata": {"opskit": meta}, "nbformat": 4, "nbformat_minor": 5}


def write(folder: Path, content: Any) -> Path:
    path = folder / "rook" / "osd-down.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_good_one(tmp_path: Path) -> None:
    runbook = contract.load(write(tmp_path, notebook()))
    assert runbook.name == "rook/osd-down"
    assert [each.name for each in runbook.parameters] == ["cluster", "osd"]
    assert runbook.read({"osd": "3"}) == {"cluster": "demo", "osd": 3}
    assert runbook.rules[0].api_groups == ("apps",)
    assert list(runbook.entry()) == ["name", "title", "system", "summary", "risk", "parameters", "proven"]
    assert json.loads(msgspec.json.encode(runbook.entry()))["parameters"][1] == OSD


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"risk": "huge"}, "risk"),
        ({"titel": "x"}, "titel"),
        ({"title": None}, "title"),
        ({"changing": False}, "risk none"),
        ({"duration": "soon"}, "duration 'soon'"),
        ({"parameters": [OSD, OSD]}, "declared twice"),
        ({"parameters": [{**OSD, "name": "class"}]}, "no Python name"),
        ({"parameters": [{**OSD, "type": "int"}]}, "int"),
        ({"parameters": [{**OSD, "default": "x"}]}, "default 'x'"),
        ({"parameters": [{**OSD, "minimum": "x"}]}, "a bound"),
        ({"parameters": [{"name": "osd", "type": "choice"}]}, "choices"),
        ({"parameters": [{"name": "osd", "pattern": "("}]}, "regular expression"),
        ({"parameters": [{"name": "osd", "minimum": 3}]}, "no minimum"),
        ({"parameters": [{"name": "osd", "type": "list", "of": "list"}]}, "list of lists"),
        ({"parameters": []}, "sets 'osd', which is not declared"),
        ({"parameters": [OSD, {"name": "host"}]}, "does not set 'host'"),
        ({"parameters": [{**OSD, "default": 3}]}, "sets 'osd' to None, not to its default 3"),
        ({"rights": {"rules": [{"resources": ["pods"]}]}}, "verbs"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(NotARunbook) as caught:
        contract.load(write(tmp_path, notebook({**META, **change})))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        '{"cells": []}',
        '{"cells": 3}',
        '{"cells": [1, null], "metadata": 3}',
        "[" * 100_000,
    ],
)
def test_what_is_no_runbook(tmp_path: Path, content: str) -> None:
    with pytest.raises(NotARunbook):
        contract.load(write(tmp_path, content))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotARunbook, match="No such file"):
        contract.load(tmp_path / "rook" / "none.ipynb")


@pytest.mark.parametrize("cell", ["cluster = 1 +", "cluster = open('x')\nosd = None", "osd = None"])
def test_a_parameters_cell_that_differs(tmp_path: Path, cell: str) -> None:
    with pytest.raises(NotARunbook, match="parameters cell"):
        contract.load(write(tmp_path, notebook(cell=cell)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*META, "name", "type"]), inner),
    max_leaves=15,
)


@given(JSON)
def test_any_metadata_is_read_or_refused(meta: Any) -> None:
    with suppress(NotARunbook):
        contract.from_notebook(notebook(meta), Path("rook/osd-down.ipynb"))
