"""Each fault of the profile, seen by the system's own tools and named first, with its cause, by opskit."""

from collections.abc import Callable
from typing import Any

import pytest

from opskit.core.errors import ToolFailed
from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import layout, machine
from opskit.sandbox.waiting import wait_until
from tests.sandbox.kubeadm.conftest import Opskit

Witness = Callable[[Sandbox], bool]
_READY = "jsonpath={.status.conditions[?(@.type=='%s')].status} {.status.conditions[?(@.type=='%s')].message}"


def condition(name: str, node: str, *, says: str) -> Witness:
    """kubectl shows a condition of a node."""
    path = _READY % (name, name)
    return lambda sandbox: sandbox.kubectl("get", "node", node, "-o", path).startswith(says)


def on(name: str, *argv: str, says: str) -> Witness:
    """A command on a node says so, or fails saying so."""

    def holds(sandbox: Sandbox) -> bool:
        try:
            return says in machine.on(layout.node_named(sandbox.site, name), *argv)
        except ToolFailed as error:
            return says in f"{error} {error.stderr}"

    return holds


def kubectl_fails(*argv: str, says: str) -> Witness:
    """kubectl fails, saying so."""

    def holds(sandbox: Sandbox) -> bool:
        try:
            sandbox.kubectl("--request-timeout=8s", *argv)
        except ToolFailed as error:
            return says in error.stderr
        return False

    return holds


FAULTS: list[tuple[str, dict[str, Any], str, str, Witness]] = [
    (
        "kubelet-stopped",
        {},
        "KUBELET_STOPPED",
        "kubelet on w1",
        condition("Ready", "w1", says="Unknown Kubelet stopped posting"),
    ),
    (
        "containerd-stopped",
        {},
        "RUNTIME_STOPPED",
        "container runtime on w1",
        condition("Ready", "w1", says="False container runtime is down"),
    ),
    (
        "kubelet-certificate-expired",
        {},
        "KUBELET_CERTIFICATE_EXPIRED",
        "kubelet on w1",
        on("w1", "journalctl", "-u", "kubelet", "-n", "30", says="unable to load bootstrap kubeconfig"),
    ),
    ("worker-off", {}, "NODE_NOT_READY", "node w1", condition("Ready", "w1", says="Unknown")),
    ("disk-pressure", {}, "NODE_PRESSURE", "node w1", condition("DiskPressure", "w1", says="True")),
    (
        "dns-gone",
        {},
        "DNS_DOWN",
        "Deployment kube-system/coredns",
        lambda sandbox: "0/0" in sandbox.kubectl("-n", "kube-system", "get", "deployment", "coredns"),
    ),
    (
        "etcd-full",
        {},
        "ETCD_NOSPACE",
        "etcd on cp1",
        kubectl_fails("create", "configmap", "one-more", says="database space exceeded"),
    ),
    (
        "etcd-disk-full",
        {},
        "DISK_FULL",
        "/var/lib/etcd on cp1",
        on("cp1", "df", "-P", "/var/lib/etcd", says=" 100% "),
    ),
    (
        "etcd-stopped",
        {},
        "STATIC_POD_MISSING",
        "etcd on cp1",
        on("cp1", "ls", "/etc/kubernetes/manifests", says="kube-apiserver.yaml\nkube-controller"),
    ),
    (
        "apiserver-manifest-broken",
        {},
        "STATIC_POD_NOT_READY",
        "kube-apiserver on cp1",
        on("cp1", "crictl", "ps", "-a", "--name", "kube-apiserver", says="Exited"),
    ),
    (
        "apiserver-certificate-ends",
        {},
        "CERTIFICATE_EXPIRED",
        "certificates on cp1",
        kubectl_fails("get", "nodes", says="certificate has expired"),
    ),
    (
        "apiserver-certificate-ends",
        {"hours": 48},
        "CERTIFICATE_EXPIRES",
        "certificates on cp1",
        on("cp1", "kubeadm", "certs", "check-expiration", says=" 47h "),
    ),
    ("control-plane-off", {}, "API_SERVER_DOWN", "the API servers", kubectl_fails("get", "nodes", says="")),
]


QUICK = ("kubelet-stopped", "containerd-stopped", "worker-off", "disk-pressure", "dns-gone")
"""Shown and healed within a minute; a control plane that comes back takes several."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("fault", "arguments", "code", "subject", "witness"),
    [
        pytest.param(
            *each,
            id="-".join((each[0], *map(str, each[1].values()))),
            marks=[] if each[0] in QUICK else [pytest.mark.proof],
        )
        for each in FAULTS
    ],
)
def test_the_cause_is_named_first(
    kubeadm: Sandbox,
    opskit: Opskit,
    fault: str,
    arguments: dict[str, Any],
    code: str,
    subject: str,
    witness: Witness,
) -> None:
    kubeadm.wait_healthy()
    kubeadm.inject(fault, **arguments)
    try:
        wait_until(lambda: witness(kubeadm), what=f"{fault} shows", deadline=60.0, every=1.0)
        found = opskit.findings(whole=False)
    finally:
        kubeadm.heal()
    assert (found[0]["code"], found[0]["subject"]) == (f"kubeadm/{code}", subject)
    assert [each["code"] for each in found[1:]] == []
    assert found[0]["cause"]
    assert found[0]["remedy"]["text"]


def test_healed_is_healthy(kubeadm: Sandbox, opskit: Opskit) -> None:
    kubeadm.wait_healthy()
    assert opskit.findings() == []
