"""Three control planes: the loss of one, and etcd destroyed and restored; witness: kubectl and etcdctl."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.core.errors import ToolFailed
from opskit.core.parts import known
from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import etcd, layout
from opskit.systems.kubeadm import facts, views
from opskit.systems.kubeadm.checks import check
from tests.lent import own_sandbox
from tests.sandbox.kubeadm.conftest import Opskit

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1200)]
LOST = "cp2"


@pytest.fixture(scope="module")
def ha() -> Iterator[Sandbox]:
    """Three control planes and a worker."""
    with own_sandbox("kubeadm", "kubeadm-ha", control_planes=3, workers=1) as made:
        yield made


@pytest.fixture
def opskit_ha(ha: Sandbox, tmp_path: Path) -> Opskit:
    return Opskit(ha, tmp_path)


@pytest.fixture
def whole(ha: Sandbox) -> Iterator[Sandbox]:
    """The same, healthy at the start, and mended at the end."""
    ha.wait_healthy()
    yield ha
    ha.heal()


def answer(sandbox: Sandbox, name: str) -> str:
    """What a configmap holds, by kubectl; empty where there is none."""
    return sandbox.kubectl("get", "configmap", name, "-o", "jsonpath={.data.answer}", "--ignore-not-found")


def write(sandbox: Sandbox, name: str, value: str) -> None:
    sandbox.kubectl("create", "configmap", name, f"--from-literal=answer={value}")


def healthy_members(sandbox: Sandbox, asked: str) -> dict[str, bool]:
    """Member → whether etcdctl on a control plane calls it healthy."""
    names = {f"https://{node.address}:2379": node.name for node in layout.control_planes(sandbox.site)}
    node = layout.node_named(sandbox.site, asked)
    try:
        told = etcd.etcdctl(node, "endpoint", "health", "--cluster")
    except ToolFailed:
        told = []
    found = {names[each["endpoint"]]: each["health"] for each in told}
    return {name: found.get(name, False) for name in names.values()}


def revisions(opskit: Opskit) -> list[int]:
    """The revision of each member, as opskit reads it."""
    with opskit.open() as cluster:
        found = facts.read(cluster).endpoints
    return [each.status.header.revision for each in known(found, [])]


def causes(opskit: Opskit, *, looks: int) -> list[str]:
    """The cause of the first finding, look after look."""
    with opskit.open() as cluster:
        return [check(facts.read(cluster))[0].cause for _ in range(looks)]


def test_the_api_answers_while_one_of_three_control_planes_is_off(whole: Sandbox, opskit_ha: Opskit) -> None:
    whole.inject("control-plane-off", node=LOST)
    found = opskit_ha.findings(whole=False)
    write(whole, "while-off", "yes")
    assert answer(whole, "while-off") == "yes"
    assert [each["code"] for each in found] == ["kubeadm/NODE_NOT_READY"]
    assert (found[0]["subject"], found[0]["severity"]) == (f"node {LOST}", "critical")
    with opskit_ha.open() as cluster:
        members = views.etcd(facts.read(cluster))
    assert dict(zip(members["member"], members["healthy"], strict=True)) == {
        "cp1": True,
        "cp2": False,
        "cp3": True,
    }
    whole.heal()
    assert healthy_members(whole, "cp1") == dict.fromkeys(("cp1", "cp2", "cp3"), True)
    assert opskit_ha.findings() == []


def test_one_broken_api_server_of_three_is_told_by_its_node(whole: Sandbox, opskit_ha: Opskit) -> None:
    whole.inject("apiserver-manifest-broken", node=LOST)
    found = opskit_ha.findings(whole=False)
    assert (found[0]["code"], found[0]["subject"]) == (
        "kubeadm/STATIC_POD_NOT_READY",
        f"kube-apiserver on {LOST}",
    )
    assert "NoSuchGate" in found[0]["cause"]
    assert "kubeadm/NODE_NOT_READY" not in [each["code"] for each in found]
    # It starts again every few seconds at first: whenever one looks, the reason is the same.
    assert {"NoSuchGate" in each for each in causes(opskit_ha, looks=10)} == {True}
    write(whole, "one-api-server-broken", "yes")
    assert answer(whole, "one-api-server-broken") == "yes"


def test_one_stopped_member_of_three_leaves_a_quorum(whole: Sandbox, opskit_ha: Opskit) -> None:
    whole.inject("etcd-stopped", node=LOST)
    found = opskit_ha.findings(whole=False)
    assert (found[0]["code"], found[0]["subject"]) == ("kubeadm/ETCD_MEMBER_DOWN", f"etcd on {LOST}")
    assert "etcd.yaml" in found[0]["cause"]
    assert "no other may be lost" in found[0]["summary"]
    write(whole, "two-of-three", "yes")
    assert answer(whole, "two-of-three") == "yes"


def test_etcd_is_restored_with_its_data(whole: Sandbox, opskit_ha: Opskit) -> None:
    planes = layout.control_planes(whole.site)
    write(whole, "kept", "42")
    saved = etcd.save(planes[0], whole.site.state / "snapshot.db")
    write(whole, "later", "43")
    whole.kubectl("delete", "configmap", "kept")
    before = revisions(opskit_ha)
    assert saved["revision"] <= max(before)

    for node in planes:
        shutil.rmtree(node.folder / "etcd" / "member")
    etcd.restore(whole.site, whole.site.state / "snapshot.db")
    whole.wait_healthy(deadline=400.0)

    assert answer(whole, "kept") == "42"
    assert answer(whole, "later") == ""
    assert healthy_members(whole, "cp3") == dict.fromkeys(("cp1", "cp2", "cp3"), True)
    after = revisions(opskit_ha)
    assert len(after) == len(planes)
    assert min(after) > max(before)
    assert opskit_ha.findings() == []
    write(whole, "after", "44")
    assert answer(whole, "after") == "44"
