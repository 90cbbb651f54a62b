"""One node without a cluster, inside of the machine with cgroup v2: its cgroups, its kubelet, a pod in them.

It needs little, so that it is soon done even where the machine is emulated: kubelet runs a static pod.
"""

import json
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from opskit.sandbox.kubeadm import cgroups, documents, host_network, images, layout, machine, ssh, sysctls
from opskit.sandbox.kubeadm.joining import joining
from opskit.sandbox.kubeadm.layout import Node
from opskit.sandbox.kubeadm.release import CURRENT
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

TREE = Path("/sys/fs/cgroup")
BRIDGED = Path("/proc/sys/net/bridge")
LIMIT = 64 << 20
BEFORE = (TREE / "cgroup.subtree_control").read_text().split()
ALONE = {
    "staticPodPath": "/etc/kubernetes/manifests",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
}


@pytest.fixture(scope="module")
def node() -> Generator[Node]:
    """A control plane that is on, with containerd and the pause image and nothing else."""
    site = Site("alone")
    site.make()
    site.write_record(phase="starting", profile="kubeadm", options={"workers": 1})
    sysctls.take(site)
    host_network.make(site)
    ssh.make_keys(site)
    made = layout.node_named(site, "cp1")
    machine.prepare(made, CURRENT, pause())
    machine.power_on(made)
    wait_until(lambda: _serves_kubelet(made), what="containerd serves what kubelet asks", deadline=60.0)
    yield made
    site.processes.stop(made.process, grace=0.0)


def _serves_kubelet(node: Node) -> bool:
    """Kubeadm asks once and waits two seconds: an emulated machine must have read the programs before."""
    return bool(machine.on(node, "crictl", "--timeout=30s", "info"))


def pause() -> str:
    return next(each for each in CURRENT.images() if images.last_name(each) == "pause")


def pod(image: str) -> str:
    limits = {"memory": str(LIMIT), "cpu": "250m"}
    only = {"name": "only", "image": image, "imagePullPolicy": "Never", "resources": {"limits": limits}}
    about = {"name": "limited", "namespace": "kube-system"}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": {"containers": [only]}})


def handed(folder: Path) -> set[str]:
    return set((folder / "cgroup.subtree_control").read_text().split())


def test_it_is_such_a_machine() -> None:
    assert Path("/proc/1/comm").read_text().strip() == "systemd"
    assert subprocess.check_output(["stat", "-fc", "%T", TREE], text=True).strip() == "cgroup2fs"
    assert not {"cpuset", "io"} <= set(BEFORE)
    assert not BRIDGED.exists()
    assert cgroups.unfit() == ""


def test_the_node_has_every_controller(node: Node) -> None:
    for folder in (TREE, TREE / layout.cgroup(node.site), TREE / node.cgroup):
        assert handed(folder) >= {"cpu", "cpuset", "memory", "pids", "io"}
    assert BRIDGED.exists()


def test_systemd_leaves_the_cgroups_alone(node: Node) -> None:
    for words in (("daemon-reload",), ("set-property", "--runtime", "system.slice", "MemoryLow=1M")):
        subprocess.run(["systemctl", *words], check=True)
    test_the_node_has_every_controller(node)


def test_kubeadms_preflight_checks_pass(node: Node) -> None:
    told = documents.init(node, CURRENT.version, joining(node.site))
    assert told[0]["nodeRegistration"]["ignorePreflightErrors"] == []
    told[0]["nodeRegistration"]["imagePullPolicy"] = "Never"
    path = node.folder / "preflight.yaml"
    path.write_text("\n---\n".join(map(json.dumps, told)))
    print(machine.on(node, "kubeadm", "init", "phase", "preflight", "--config", str(path), deadline=120.0))


def test_a_pods_limit_is_on_its_cgroup_below_its_nodes(node: Node) -> None:
    archive = images._built(images._image(pause(), CURRENT, archives := _archives()), archives)
    machine.on(node, "ctr", "--namespace", "k8s.io", "images", "import", str(archive))
    manifests = node.folder / "kubernetes" / "manifests"
    manifests.mkdir()
    (manifests / "limited.yaml").write_text(pod(pause()))
    (node.folder / "kubelet" / "config.yaml").write_text(json.dumps(documents._kubelet() | ALONE))
    log = f"{node.folder}/logs/alone.log"
    kubelet = f"kubelet --config=/var/lib/kubelet/config.yaml --cgroup-root=/{node.cgroup}"
    machine.on(node, "sh", "-c", f"exec setsid {kubelet} >{log} 2>&1 </dev/null &")
    pods = TREE / node.cgroup / "kubepods"
    wait_until(lambda: len(running(pods)) == 2, what="the pod runs", deadline=120.0, every=1.0)
    (folder,) = {each.parent for each in running(pods)}
    # A container's first process is in its cgroup before the runtime has written the limits there.
    wanted = sorted([str(LIMIT), str(LIMIT), "max"])
    wait_until(lambda: sorted(limits(folder)) == wanted, what="the pod has its limits", deadline=60.0)
    print(folder, limits(folder), (folder / "cpu.max").read_text())
    assert (folder / "cpu.max").read_text().split() == ["25000", "100000"]


def limits(pod: Path) -> list[str]:
    """Bytes of memory that a pod and each of its containers may have."""
    return [each.read_text().strip() for each in pod.rglob("memory.max")]


def running(pods: Path) -> list[Path]:
    """The cgroups of containers that have a process."""
    every = [each.parent for each in pods.glob("**/pod*/*/cgroup.procs")]
    return [each for each in every if (each / "cgroup.procs").read_text()]


def _archives() -> Path:
    return next(Path.home().glob(".cache/opskit/images"))


def test_inner_cgroups_hold_no_process(node: Node) -> None:
    every = [each.parent for each in (TREE / layout.cgroup(node.site)).rglob("cgroup.procs")]
    assert not [each for each in every if handed(each) and (each / "cgroup.procs").read_text()]


def test_nothing_is_left_when_the_node_goes(node: Node) -> None:
    site = node.site
    stray = subprocess.Popen(["sleep", "infinity"])
    leaf = TREE / layout.cgroup(site) / "stray"
    leaf.mkdir()
    (leaf / "cgroup.procs").write_text(str(stray.pid))
    machine.power_off(node)
    assert not (TREE / node.cgroup).exists()
    host_network.remove(site)
    cgroups.remove_all(site)
    assert stray.wait(60) == -9
    sysctls.give_back(site)
    assert not list(TREE.glob("opskit*"))
    assert handed(TREE) <= set(BEFORE)
    assert not BRIDGED.exists()
