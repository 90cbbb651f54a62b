"""A whole cluster, seen inside of the machine with cgroup v2: its one unit runs this page, in its order."""

import json
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from time import monotonic

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import layout
from opskit.sandbox.rehearsing.asking import Opskit, statement_of
from opskit.sandbox.rehearsing.shown import Shown
from opskit.sandbox.rehearsing.witnesses import WITNESSES
from opskit.sandbox.waiting import wait_until
from tests.sandbox.cgroup2.inside import SECONDS, TREE, of_machine, opskit, timed
from tests.sandbox.killing.machine import difference

NAME = "unified"
LIMIT = 64 << 20
POD = f"""{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "limited"}}, "spec": {{
  "nodeName": "w1", "containers": [{{"name": "only", "image": "%s", "imagePullPolicy": "Never",
  "resources": {{"limits": {{"memory": "{LIMIT}", "cpu": "250m"}}}}}}]}}}}"""


@pytest.fixture(scope="module", autouse=True)
def figures() -> Generator[None]:
    with timed():
        yield


@pytest.fixture(scope="module")
def before() -> dict[str, list[str]]:
    return of_machine(NAME)


@pytest.fixture(scope="module")
def cluster(before: dict[str, list[str]]) -> Sandbox:
    opskit("up", "--profile", "kubeadm", "--workers", "1", "--name", NAME)
    return Sandbox.attach(NAME)


def test_it_is_such_a_machine() -> None:
    assert Path("/proc/1/comm").read_text().strip() == "systemd"
    assert subprocess.check_output(["stat", "-fc", "%T", TREE], text=True).strip() == "cgroup2fs"
    assert not subprocess.check_output(["ip", "route"])


def test_the_cluster_is_well(cluster: Sandbox) -> None:
    said = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    ready = {each["metadata"]["name"]: _ready(each) for each in said}
    assert ready == {"cp1": True, "w1": True}
    wait_until(lambda: _servers_of_names(cluster) == 2, what="CoreDNS is ready", deadline=60.0, every=1.0)
    assert all(
        statement_of(cluster, each, {}, before="", shown=Shown()).well for each in WITNESSES["kubeadm"]
    )


def test_kubeadm_had_to_look_away_from_nothing(cluster: Sandbox) -> None:
    for node, verb in zip(layout.nodes(cluster.site), ("init", "join"), strict=True):
        assert '"ignorePreflightErrors": []' in (node.folder / f"kubeadm-{verb}.yaml").read_text()
        assert "failCgroupV1" not in (node.folder / "kubelet" / "config.yaml").read_text()


def test_a_pods_limit_is_on_its_cgroup_below_its_nodes(cluster: Sandbox) -> None:
    pause = json.loads((cluster.site.state / "images.json").read_text())
    image = next(each for each in pause if "/pause:" in each)
    cluster.kubectl("apply", "-f", "-", text=POD % image)
    cluster.kubectl("wait", "pod/limited", "--for=condition=Ready", "--timeout=600s", deadline=600.0)
    uid = cluster.kubectl("get", "pod", "limited", "-o", "jsonpath={.metadata.uid}")
    pods = TREE / layout.node_named(cluster.site, "w1").cgroup / "kubepods"
    (pod,) = pods.rglob(f"pod{uid}")
    held = {each.parent.name: each.read_text().strip() for each in pod.rglob("memory.max")}
    assert sorted(held.values()) == sorted([str(LIMIT), str(LIMIT), "max"]), held
    running = [each.read_text().split() for each in pod.glob("*/cgroup.procs")]
    assert [len(each) for each in running] == [1, 1]
    assert (pod / "cpu.max").read_text().split() == ["25000", "100000"]


def test_inner_cgroups_hold_no_process_and_nodes_have_controllers(cluster: Sandbox) -> None:
    top = TREE / layout.cgroup(cluster.site)
    for node in layout.nodes(cluster.site):
        handed = (TREE / node.cgroup / "cgroup.subtree_control").read_text().split()
        assert {"cpu", "cpuset", "memory", "pids", "io"} <= set(handed)
    inner = [each for each in top.rglob("cgroup.subtree_control") if each.read_text().strip()]
    assert inner
    assert not any((each.parent / "cgroup.procs").read_text() for each in inner)


def test_systemd_leaves_the_cgroups_alone(cluster: Sandbox) -> None:
    before = _controls(cluster)
    for words in (("daemon-reload",), ("daemon-reexec",), ("start", "systemd-tmpfiles-clean.service")):
        subprocess.run(["systemctl", *words], check=True)
    assert _controls(cluster) == before


def test_a_fault_is_named_and_healed(cluster: Sandbox) -> None:
    ask = Opskit(cluster, say=print)
    assert _codes(ask) == set()
    begin = monotonic()
    opskit("fault", "inject", "kubelet-stopped", "--name", NAME)
    wait_until(lambda: "kubeadm/KUBELET_STOPPED" in _codes(ask), what="opskit has told of it", deadline=120.0)
    SECONDS["`kubelet-stopped`, until `opskit findings` names it"] = round(monotonic() - begin, 1)
    opskit("fault", "heal", "--name", NAME)
    cluster.wait_healthy()
    assert _codes(ask) == set()


def test_a_node_goes_off_and_on(cluster: Sandbox) -> None:
    worker = layout.node_named(cluster.site, "w1")
    assert list((TREE / worker.cgroup).rglob("pod*"))
    opskit("fault", "inject", "worker-off", "--name", NAME)
    assert not (TREE / worker.cgroup).exists()
    opskit("fault", "heal", "--name", NAME)
    cluster.wait_healthy()
    assert list((TREE / worker.cgroup).rglob("pod*"))


def test_down_leaves_nothing(cluster: Sandbox, before: dict[str, list[str]]) -> None:
    assert difference(before, of_machine(NAME))
    opskit("down", "--name", NAME)
    assert difference(before, of_machine(NAME)) == []
    assert not list(TREE.glob("opskit*"))
    assert not Path("/proc/sys/net/bridge").exists()


def _servers_of_names(cluster: Sandbox) -> int:
    dns = json.loads(cluster.kubectl("-n", "kube-system", "get", "deploy", "coredns", "-o", "json"))
    return dns["status"].get("readyReplicas", 0)


def _ready(node: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    return any((each["type"], each["status"]) == ("Ready", "True") for each in node["status"]["conditions"])


def _codes(ask: Opskit) -> set[str]:
    return {each["code"] for each in ask.findings("kubeadm") if each["severity"] != "info"}


def _controls(cluster: Sandbox) -> dict[str, str]:
    return dict(_controls_of(TREE, TREE / layout.cgroup(cluster.site)))


def _controls_of(root: Path, top: Path) -> Iterator[tuple[str, str]]:
    for folder in (root, top, *(each for each in top.glob("*") if each.is_dir())):
        yield str(folder), (folder / "cgroup.subtree_control").read_text()
