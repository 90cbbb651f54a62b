"""Profiles on a kernel with cgroup v2 and with systemd as PID 1, in a virtual machine of its own."""

import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests import figures
from tests.sandbox.cgroup2 import vm
from tests.sandbox.cgroup2.image import image

LONGEST = 4 * 3600.0
EMULATE = "OPSKIT_TEST_EMULATED"
PATIENCE = "1" if vm.accelerated() else "30"
PYTEST = ("-m", "pytest", "-c", "/dev/null", "--noconftest", "-p", "no:cacheprovider", "-v", "-s")
HOW = "KVM" if vm.accelerated() else "emulated, some fifteen times slower than a processor"
MACHINE = (
    f"In a virtual machine ({vm.CORES} cores, {vm.MEMORY_MIB // 1024} GiB, {HOW}) with Debian's kernel, "
    "systemd as PID 1, cgroup v2 alone and no network:"
)

pytestmark = [pytest.mark.proof, pytest.mark.timeout(LONGEST + 3600.0)]


def test_a_node_has_its_cgroups_and_a_pod_its_limit(tmp_path: Path) -> None:
    tests = passed_inside(tmp_path, "node_alone.py")
    figures.keep(
        "cgroup v2: a node alone",
        f"{MACHINE} the node's cgroup has every controller, systemd leaves it so, kubeadm's preflight checks "
        "pass with none ignored, kubelet puts a pod's limits below the node's cgroup, and nothing is left.",
        {"checks passed": str(tests)},
    )


def test_a_whole_cluster_works(tmp_path: Path) -> None:
    _require_patience()
    tests = passed_inside(tmp_path, "whole_cluster.py")
    figures.keep(
        "cgroup v2: a whole cluster",
        f"{MACHINE} kubeadm's cluster is well, a pod's limit is on its cgroup below its node's, a fault is "
        "named and healed, a node goes off and on, and `down` leaves nothing.",
        {"checks passed": str(tests), **_seconds(tmp_path)},
    )


def test_the_other_profiles_come_up_and_go(tmp_path: Path) -> None:
    _require_patience()
    passed_inside(tmp_path, "other_profiles.py")
    figures.keep(
        "cgroup v2: the other profiles",
        f"{MACHINE} each comes up, and `down` leaves nothing.",
        _seconds(tmp_path),
    )


def _require_patience() -> None:
    if not vm.accelerated() and EMULATE not in os.environ:
        pytest.skip(
            f"no KVM here: emulated, it takes the better part of an hour; {EMULATE}=1 runs it all the same"
        )


def _seconds(folder: Path) -> dict[str, str]:
    """What was timed inside, for the page of figures."""
    found: dict[str, float] = json.loads((folder / "figures.json").read_text())
    return {_title(what): f"{each:.0f} s" for what, each in found.items()}


def passed_inside(folder: Path, page: str) -> int:
    """Boot a machine that runs a page of tests; how many there are, all of which passed."""
    if lack := vm.lacks():
        pytest.skip(lack)
    words = (vm.python(), *PYTEST, f"--rootdir={vm.ROOT}", f"tests/sandbox/cgroup2/{page}")
    env = {"OPSKIT_PATIENCE": PATIENCE, "PYTHONPATH": str(vm.ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    vm.run(image(), folder, (*words, "--junitxml=/out/told.xml"), env, seconds=LONGEST)
    said = (folder / "said.txt").read_text()
    print(said)
    assert (folder / "told.xml").exists(), said[-4000:]
    told = ElementTree.parse(folder / "told.xml").getroot()[0].attrib
    assert [told[each] for each in ("failures", "errors", "skipped")] == ["0", "0", "0"], said[-4000:]
    return int(told["tests"])


def _title(what: str) -> str:
    return what if what.startswith("`") else f"`opskit sandbox {what}`"
