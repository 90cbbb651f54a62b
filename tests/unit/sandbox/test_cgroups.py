"""Which version of cgroups a machine has, on trees made up of files; a proof boots the real one."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from opskit.core.errors import Refused
from opskit.sandbox.kubeadm import cgroups, documents, layout
from opskit.sandbox.kubeadm.cgroup_v1 import Hierarchies
from opskit.sandbox.kubeadm.cgroup_v2 import Unified
from opskit.sandbox.site import Site

ALL = "cpuset cpu io memory hugetlb pids rdma misc"


def unified(root: Path, *, controllers: str = ALL, handed: str = "", processes: str = "") -> Path:
    """A cgroup of v2 as its files show it."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("cgroup.controllers", controllers),
        ("cgroup.subtree_control", handed),
        ("cgroup.procs", processes),
    ):
        (root / name).write_text(text + "\n")
    return root


def hierarchies(root: Path) -> Path:
    """The mounts of v1."""
    for name in ("cpuset", "memory", "pids", "systemd"):
        (root / name).mkdir()
    (root / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (root / "cpuset" / "cpuset.mems").write_text("0\n")
    return root


def hybrid(root: Path) -> Path:
    """V1 with a tree of v2 beside it, as systemd mounts them."""
    unified(hierarchies(root) / "unified", controllers="")
    return root


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("made", "version"), [(unified, Unified), (hierarchies, Hierarchies), (hybrid, Hierarchies)]
)
def test_each_machine_is_known_and_fits(
    made: Callable[[Path], Path], version: type[cgroups.Cgroups], root: Path
) -> None:
    made(root)
    assert isinstance(cgroups.here(), version)
    assert cgroups.unfit() == ""


def test_without_any_it_says_so(root: Path) -> None:
    assert cgroups.unfit() == f"No cgroups are mounted at {root}, neither v2 nor v1 with cpuset and memory."
    with pytest.raises(Refused, match="No cgroups are mounted"):
        cgroups.here()


def test_missing_controllers_are_named(root: Path) -> None:
    unified(root, controllers="cpu io pids")
    assert "lacks cpuset, memory" in cgroups.unfit()


def test_the_root_of_a_container_must_be_free_of_processes(root: Path) -> None:
    unified(root, processes="1\n17")
    assert cgroups.unfit() == ""
    (root / "cgroup.type").write_text("domain\n")
    assert "Processes sit in" in cgroups.unfit()
    (root / "cgroup.subtree_control").write_text(ALL)
    assert cgroups.unfit() == ""


def test_a_tree_that_is_read_only_is_said_to_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    unified(root)
    assert "read-only" in cgroups.unfit()


def test_controllers_are_handed_on_from_the_root_down(root: Path) -> None:
    unified(root, handed="cpu memory pids")
    unified(root / "opskit-1")
    unified(root / "opskit-1" / "cp1", controllers="cpuset cpu memory pids")
    cgroups.here().make("opskit-1/cp1")
    told = [root / part / "cgroup.subtree_control" for part in ("", "opskit-1", "opskit-1/cp1")]
    assert [file.read_text() for file in told] == [
        "+cpuset +io +hugetlb",
        "+cpu +cpuset +memory +pids +io +hugetlb",
        "+cpu +cpuset +memory +pids",
    ]


def test_the_root_hands_on_no_more_than_before(root: Path) -> None:
    unified(root, handed="cpu memory cpuset")
    assert cgroups.handed() == ["cpu", "memory", "cpuset"]
    cgroups.hand_only(["cpu", "memory", "pids"])
    assert (root / "cgroup.subtree_control").read_text() == "-cpuset"


def test_v1_has_no_controllers_to_hand_on(root: Path) -> None:
    hybrid(root)
    assert cgroups.handed() == []
    cgroups.hand_only([])


def test_v1_makes_and_removes_a_cgroup_in_every_hierarchy(root: Path) -> None:
    hybrid(root)
    (root / "memory" / "other").mkdir()
    cgroups.here().make("opskit-1/cp1")
    made = sorted(str(each.relative_to(root)) for each in root.glob("*/opskit-1/cp1"))
    assert made == [f"{name}/opskit-1/cp1" for name in ("cpuset", "memory", "pids", "systemd", "unified")]
    assert (root / "cpuset/opskit-1/cpuset.cpus").read_text() == "0-1\n"
    for key in ("cpus", "mems"):
        (root / f"cpuset/opskit-1/cpuset.{key}").unlink()
    cgroups.remove("opskit-1")
    assert [each.name for each in root.glob("*/*") if each.is_dir()] == ["other"]


def test_v2_kills_what_is_left_before_it_removes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    unified(root)
    (root / "opskit-1" / "cp1" / "kubepods").mkdir(parents=True)
    kill = root / "opskit-1" / "cp1" / "cgroup.kill"
    kill.touch()
    real = Path.rmdir

    def rmdir(folder: Path) -> None:
        done.append(f"{folder.name}: {kill.read_text() if kill.exists() else ''}")
        kill.unlink(missing_ok=True)
        real(folder)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    cgroups.remove("opskit-1/cp1")
    assert done == ["kubepods: 1", "cp1: "]
    cgroups.remove("opskit-1/cp1")


@pytest.mark.parametrize(("made", "old"), [(unified, False), (hybrid, True)])
def test_only_on_v1_is_kubeadm_told_to_look_away(
    made: Callable[[Path], Path], old: bool, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(root)
    told = documents._registration, documents._kubelet
    monkeypatch.setattr(documents, "nodes", lambda _: [])
    monkeypatch.setattr(documents, "control_planes", lambda _: [])
    monkeypatch.setattr(Site, "network", lambda _: "127.77.0")
    node = layout.Node(Site("any"), "w1", 5)
    assert told[0](node)["ignorePreflightErrors"] == (["SystemVerification"] if old else [])
    assert told[1]().get("failCgroupV1") == (False if old else None)
