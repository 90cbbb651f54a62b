"""kubeadm's findings and changes on a real cluster; the witness is kubectl."""

import json
from collections.abc import Iterator

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import layout, machine
from opskit.sandbox.waiting import wait_until
from tests.sandbox.kubeadm.conftest import Opskit

WORKER, PLANE = "w1", "cp1"


def node(kubeadm: Sandbox, name: str) -> layout.Node:
    return layout.node_named(kubeadm.site, name)


def ready(kubeadm: Sandbox, name: str) -> str:
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    return kubeadm.kubectl("get", "node", name, "-o", path)


def pods_on(kubeadm: Sandbox, name: str, *, app: str) -> list[str]:
    held = json.loads(kubeadm.kubectl("get", "pods", "-l", f"app={app}", "-o", "json"))
    return [each["metadata"]["name"] for each in held["items"] if each["spec"].get("nodeName") == name]


@pytest.fixture
def shop(kubeadm: Sandbox) -> Iterator[str]:
    """Two pods that only the worker runs, and a budget that lets one go at a time."""
    held = json.loads(kubeadm.kubectl("get", "node", WORKER, "-o", "json"))["status"]["images"]
    image = next(name for each in held for name in each["names"] if "/pause:" in name)
    kubeadm.kubectl("create", "deployment", "shop", f"--image={image}", "--replicas=2")
    kubeadm.kubectl("create", "pdb", "shop", "--selector=app=shop", "--min-available=1")
    kubeadm.kubectl("wait", "--for=condition=Available", "deployment/shop", "--timeout=60s", deadline=70.0)
    yield "shop"
    kubeadm.kubectl("delete", "deployment/shop", "pdb/shop")


def test_a_healthy_cluster_has_no_finding(kubeadm: Sandbox, opskit: Opskit) -> None:
    assert ready(kubeadm, WORKER) == "True"
    assert opskit.findings() == []


def test_a_silent_kubelet_is_named_first(kubeadm: Sandbox, opskit: Opskit) -> None:
    machine.on(node(kubeadm, WORKER), "systemctl", "stop", "kubelet")
    try:
        wait_until(lambda: ready(kubeadm, WORKER) == "Unknown", what="the node is silent", deadline=180.0)
        found = opskit.findings()
    finally:
        machine.on(node(kubeadm, WORKER), "systemctl", "start", "kubelet")
    wait_until(lambda: ready(kubeadm, WORKER) == "True", what="the node is back", deadline=120.0)
    wait_until(lambda: opskit.findings() == [], what="nothing is wrong any more", deadline=120.0)
    assert found[0]["code"] == "kubeadm/KUBELET_STOPPED"
    assert found[0]["subject"] == f"kubelet on {WORKER}"
    assert {each["code"] for each in found[1:]} <= {"kubeadm/DNS_DOWN"}


def test_a_token_without_end_is_found_without_its_secret(kubeadm: Sandbox, opskit: Opskit) -> None:
    token = machine.on(node(kubeadm, PLANE), "kubeadm", "token", "create", "--ttl", "0").strip()
    try:
        found = opskit.findings()
    finally:
        machine.on(node(kubeadm, PLANE), "kubeadm", "token", "delete", token)
    public, _, secret = token.partition(".")
    assert [each["code"] for each in found] == ["kubeadm/TOKEN_LIVES_LONG"]
    assert public in json.dumps(found)
    assert secret not in json.dumps(found)


def test_certificates_and_etcd_are_read(opskit: Opskit) -> None:
    out = opskit.folder / "health"
    said = opskit("run", "kubeadm/health", "--cluster", opskit.cluster, "--out", str(out))
    assert "completed" in said
    text = (out / "notebook.ipynb").read_text()
    for name in ("apiserver-etcd-client", "admin.conf", "etcd-ca", "3.7.3"):
        assert name in text


def test_a_node_is_drained_and_returned(kubeadm: Sandbox, opskit: Opskit, shop: str) -> None:
    kubeadm.kubectl("taint", "node", PLANE, "node-role.kubernetes.io/control-plane:NoSchedule-")
    try:
        opskit.change("kubeadm/drain-node", node=WORKER)
        assert pods_on(kubeadm, WORKER, app=shop) == []
        assert len(pods_on(kubeadm, PLANE, app=shop)) == 2
        assert [each["code"] for each in opskit.findings()] == ["kubeadm/NODE_CORDONED"]
        opskit.change("kubeadm/return-node", node=WORKER)
        assert kubeadm.kubectl("get", "node", WORKER, "-o", "jsonpath={.spec.unschedulable}") == ""
        assert opskit.findings() == []
    finally:
        kubeadm.kubectl("taint", "node", PLANE, "node-role.kubernetes.io/control-plane:NoSchedule")
        kubeadm.kubectl("uncordon", WORKER)


def test_the_budget_that_blocks_is_named(kubeadm: Sandbox, opskit: Opskit, shop: str) -> None:
    kubeadm.kubectl("patch", "pdb", shop, "--type=merge", "-p", '{"spec":{"minAvailable":2}}')
    zero = "--for=jsonpath={.status.disruptionsAllowed}=0"
    kubeadm.kubectl("wait", zero, f"pdb/{shop}", "--timeout=30s", deadline=40.0)
    given = ("--cluster", opskit.cluster, "-p", f"node={WORKER}", "--out", str(opskit.folder / "refused"))
    said = opskit("run", "kubeadm/drain-node", *given, codes=(5,))
    assert "the budget default/shop lets" in said
    assert kubeadm.kubectl("get", "node", WORKER, "-o", "jsonpath={.spec.unschedulable}") == ""
