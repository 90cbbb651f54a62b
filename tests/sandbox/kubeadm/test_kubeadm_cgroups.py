"""Cgroups of version 2 on the real kernel: wherever its tree is mounted, be it beside those of version 1."""

import os
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from opskit.sandbox.kubeadm.cgroup_v2 import NEEDED, Unified

TREES = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]


@pytest.fixture
def tree() -> Path:
    if os.geteuid() != 0:
        pytest.skip("making a cgroup needs root")
    found = [each for each in TREES if Unified.there(each)]
    return found[0] if found else pytest.skip("no tree of cgroup v2 is mounted")


def handed(folder: Path) -> set[str]:
    return set((folder / "cgroup.subtree_control").read_text().split())


@pytest.fixture
def made(tree: Path) -> Generator[Path]:
    """The cgroup of a sandbox with one node; afterwards all is as before."""
    version, top = Unified(tree), f"opskit-test-{os.getpid()}"
    before = version.handed()
    version.make(f"{top}/cp1")
    version.make(f"{top}/cp1")
    yield tree / top
    version.remove(top)
    version.hand_only(before)
    assert not (tree / top).exists()
    assert handed(tree) <= set(before)


def test_each_cgroup_hands_on_what_the_machine_has(tree: Path, made: Path) -> None:
    wanted = set((tree / "cgroup.controllers").read_text().split()) & {*NEEDED, "io", "hugetlb"}
    assert wanted
    for each in (tree, made, made / "cp1"):
        assert handed(each) >= wanted


def test_the_kernel_lets_nobody_take_what_a_node_needs(tree: Path, made: Path) -> None:
    needed = handed(made)
    Unified(tree).hand_only(sorted(handed(tree) - needed))
    assert handed(tree) >= needed


def test_a_node_goes_with_all_that_runs_in_its_pods(tree: Path, made: Path) -> None:
    pod = made / "cp1" / "kubepods" / "pod1"
    pod.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as process:
        (pod / "cgroup.procs").write_text(str(process.pid))
        Unified(tree).remove(f"{made.name}/cp1")
        assert process.wait(30) == -signal.SIGKILL
    assert not (made / "cp1").exists()
