"""The demo: a recording for each system, and which one a name opens."""

from pathlib import Path

import pytest

from opskit.core import demo
from opskit.core.cluster import Cluster
from opskit.core.errors import UnknownName
from opskit.core.snapshot_format import SUFFIX


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two systems, both of them with a default state, one of them with another."""
    for name, source in {
        "dex/default": "healthy",
        "rook/default": "default",
        "rook/off": "host-down",
    }.items():
        path = tmp_path / f"{name}{SUFFIX}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((demo.FOLDER / "rook" / f"{source}{SUFFIX}").read_bytes())
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    return tmp_path


def taken(system: str, state: str) -> object:
    with Cluster.open(str(demo.FOLDER / system / f"{state}{SUFFIX}")) as cluster:
        return cluster.now()


@pytest.mark.usefixtures("recorded")
def test_the_names_are_the_states_and_the_systems() -> None:
    assert demo.names() == ["demo", "demo:dex", "demo:off", "demo:rook"]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("name", "system", "opened"),
    [
        ("demo", "", ("rook", "default")),
        ("demo", "dex", ("dex", "default")),
        ("demo", "vault", ("rook", "default")),
        ("demo:dex", "", ("dex", "default")),
        ("demo:off", "", ("rook", "off")),
        ("demo:off", "dex", ("rook", "off")),
    ],
)
def test_a_name_opens_the_recording_of_the_system(name: str, system: str, opened: tuple[str, str]) -> None:
    with Cluster.open(name, system=system) as cluster:
        assert cluster.now() == taken(*opened)
        assert cluster.info.name == name


@pytest.mark.usefixtures("recorded")
def test_each_system_is_read_from_its_own_recording() -> None:
    with Cluster.open("demo") as cluster:
        assert cluster.of("dex").now() == taken("dex", "default")
        assert cluster.of("dex") is cluster.of("dex")
        assert cluster.of("rook") is cluster
        assert cluster.of("vault") is cluster


def test_the_first_answers_for_a_name_of_several(recorded: Path) -> None:
    assert list(demo.parts("demo")) == ["rook", "dex"]
    assert demo.parts(str(recorded)) == {}


def test_an_unknown_state_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="demo:host-down"):
        Cluster.open("demo:host-dwon")


def test_what_is_shipped_stays_small() -> None:
    assert sum(path.stat().st_size for path in demo.FOLDER.rglob("*") if path.is_file()) <= 3_000_000
