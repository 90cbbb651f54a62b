"""A node's own tools, reached by `kubectl exec`; the witness is the node itself."""

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.kubeadm import layout, machine

_PKI = "/etc/kubernetes/pki/etcd"
ETCD = (
    *("etcdctl", "--endpoints=https://127.0.0.1:2379", f"--cacert={_PKI}/ca.crt"),
    *(f"--cert={_PKI}/server.crt", f"--key={_PKI}/server.key", "member", "list"),
)


def inside(sandbox: Sandbox, node: str, *argv: str) -> str:
    """What a command says in the pod on a node."""
    chosen = ("--field-selector", f"spec.nodeName={node}", "-l", "app=host-tools")
    pod = sandbox.kubectl("-n", "kube-system", "get", "pods", *chosen, "-o", "name").strip()
    return sandbox.kubectl("-n", "kube-system", "exec", pod, "--", *argv)


@pytest.mark.parametrize(
    ("node", "argv"),
    [
        ("w1", ("uname", "-n")),
        ("w1", ("crictl", "ps", "-q")),
        ("cp1", ETCD),
        ("cp1", ("kubeadm", "version", "-o", "short")),
        ("cp1", ("ip", "-brief", "address", "show", "eth0")),
    ],
)
def test_the_pod_says_what_the_node_says(kubeadm: Sandbox, node: str, argv: tuple[str, ...]) -> None:
    assert inside(kubeadm, node, *argv) == machine.on(layout.node_named(kubeadm.site, node), *argv)
