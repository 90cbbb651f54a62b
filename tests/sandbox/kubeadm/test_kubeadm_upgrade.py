"""The real `kubeadm upgrade` from one minor to the next over two nodes, drained and returned by opskit."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import layout, upgrading
from opskit.sandbox.kubeadm.release import CURRENT, PREVIOUS
from opskit.systems.kubeadm import facts, views
from tests import figures
from tests.lent import own_sandbox
from tests.sandbox.kubeadm.conftest import Opskit

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]


class Watch:
    """Seconds that each step took."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def time(self, what: str, step: Callable[[], object]) -> None:
        begin = monotonic()
        step()
        self.rows[what] = f"{monotonic() - begin:.0f} s"


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def old(watch: Watch) -> Iterator[Sandbox]:
    """One control plane and one worker of the minor before."""
    begin = monotonic()
    with own_sandbox("kubeadm", "kubeadm-upgrade", workers=1, previous=True) as made:
        watch.rows[f"up, {PREVIOUS.version}"] = f"{monotonic() - begin:.0f} s"
        yield made


def kubelets(sandbox: Sandbox) -> dict[str, str]:
    """Node → kubelet's version, as kubectl shows it."""
    held = json.loads(sandbox.kubectl("get", "nodes", "-o", "json"))["items"]
    return {each["metadata"]["name"]: each["status"]["nodeInfo"]["kubeletVersion"] for each in held}


def server(sandbox: Sandbox) -> str:
    return json.loads(sandbox.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]


def images(sandbox: Sandbox) -> dict[str, str]:
    """Static pod → the tag of its image, as kubectl shows it."""
    chosen = ("-n", "kube-system", "get", "pods", "-l", "tier=control-plane", "-o", "json")
    held = json.loads(sandbox.kubectl(*chosen))["items"]
    return {
        each["metadata"]["labels"]["component"]: each["spec"]["containers"][0]["image"].rpartition(":")[2]
        for each in held
    }


def test_two_nodes_go_from_one_minor_to_the_next(old: Sandbox, watch: Watch, tmp_path: Path) -> None:
    opskit = Opskit(old, tmp_path)
    plane, worker = layout.nodes(old.site)
    old.kubectl("create", "configmap", "kept", "--from-literal=answer=42")

    assert opskit.findings() == []
    assert path(opskit) == [CURRENT.version.removeprefix("v").rpartition(".")[0]]
    assert (server(old), set(kubelets(old).values())) == (PREVIOUS.version, {PREVIOUS.version})

    watch.time("images of the new release, imported on two nodes", lambda: upgrading.bring_images(old.site))
    assert CURRENT.version in upgrading.plan(plane)
    watch.time("kubeadm upgrade apply, until all is well", lambda: upgrading.upgrade(plane))
    assert (server(old), set(kubelets(old).values())) == (CURRENT.version, {PREVIOUS.version})
    assert set(opskit.infos()) >= {"kubeadm/KUBELET_BEHIND"}
    assert opskit.findings() == []

    watch.time("control plane drained, new kubelet, returned", lambda: new_kubelet(opskit, plane))
    assert kubelets(old) == {plane.name: CURRENT.version, worker.name: PREVIOUS.version}
    watch.time("kubeadm upgrade node, until all is well", lambda: upgrading.upgrade(worker))
    watch.time("worker drained, new kubelet, returned", lambda: new_kubelet(opskit, worker))

    assert set(kubelets(old).values()) == {CURRENT.version}
    assert images(old)["kube-apiserver"] == CURRENT.version
    assert images(old)["etcd"].startswith("3.7.")
    assert old.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.answer}") == "42"
    assert opskit.findings() == []
    assert "kubeadm/KUBELET_BEHIND" not in opskit.infos()
    assert path(opskit) == []
    figures.keep(
        "kubeadm upgrade",
        f"`kubeadm upgrade` from {PREVIOUS.version} to {CURRENT.version} over one control plane and one "
        "worker; each node drained and returned by opskit's runbooks.",
        watch.rows,
    )


def new_kubelet(opskit: Opskit, node: layout.Node) -> None:
    """Drain a node by opskit, replace its kubelet, return it by opskit."""
    opskit.change("kubeadm/drain-node", node=node.name, empty_dirs="true")
    upgrading.replace_kubelet(node)
    opskit.change("kubeadm/return-node", node=node.name)
    upgrading.settle(node.site)


def path(opskit: Opskit) -> list[str]:
    """The releases that opskit says are on the way to the new one."""
    with opskit.open() as cluster:
        return list(views.upgrade_path(facts.read(cluster), target=CURRENT.version)["release"])
