"""A cluster of the minor before, upgraded to the pinned one with kubeadm, step by step as its documents say.

https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/
"""

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.kubeadm import cgroups, health, images, machine
from opskit.sandbox.kubeadm.cluster import adopt
from opskit.sandbox.kubeadm.layout import Node, control_planes, nodes
from opskit.sandbox.kubeadm.release import CURRENT
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_PATIENCE = 900.0
"""Seconds: kubeadm replaces four static pods in turn and watches each."""
_STILL = 15
"""Questions in a row, a second apart, that must find all well: a new kubelet starts every container anew."""


def bring_images(site: Site) -> None:
    """Import the new release's images on every node: nothing can be pulled."""
    built = images.build(CURRENT)
    images.note(site, images.built(site) | built)
    for node in nodes(site):
        machine.load(node, built)


def plan(node: Node) -> str:
    """What `kubeadm upgrade plan` of the new release says on a control plane."""
    machine.install(node, CURRENT, ("kubeadm",))
    return machine.on(node, "kubeadm", "upgrade", "plan", CURRENT.version, _ignoring(), deadline=_PATIENCE)


def upgrade(node: Node) -> str:
    """Upgrade what kubeadm manages on a node; what kubeadm says.

    The first control plane is the one that `kubeadm upgrade apply` is for.

    """
    machine.install(node, CURRENT, ("kubeadm",))
    first = node.name == control_planes(node.site)[0].name
    words = ("apply", CURRENT.version, "--yes") if first else ("node",)
    said = machine.on(node, "kubeadm", "upgrade", *words, _ignoring(), deadline=_PATIENCE)
    if first:
        adopt(node)
    settle(node.site)
    return said


def replace_kubelet(node: Node) -> None:
    """Put the new kubelet and tools on a node that was drained, start it, and wait until it reports."""
    machine.install(node, CURRENT, ("kubelet", "kubectl", "etcdctl", "etcdutl"))
    machine.on(node, "systemctl", "restart", "kubelet")
    wait_until(
        lambda: _kubelet(node) == CURRENT.version,
        what=f"the new kubelet of {node.name} reports",
        deadline=120.0,
        every=1.0,
    )
    settle(node.site)


def _ignoring() -> str:
    return f"--ignore-preflight-errors={','.join(cgroups.here().preflight)}"


def _kubelet(node: Node) -> str:
    return api(node.site).get(f"/api/v1/nodes/{node.name}")["status"]["nodeInfo"]["kubeletVersion"]


def settle(site: Site, *, deadline: float = 300.0) -> None:
    """Wait until the cluster is well, and stays so."""
    seen = 0

    def still() -> bool:
        nonlocal seen
        seen = seen + 1 if _well(site) else 0
        return seen >= _STILL

    wait_until(
        still,
        what="the cluster is well and stays so",
        deadline=deadline,
        every=1.0,
        state=lambda: "; ".join(health.ailments_of(site)),
    )


def _well(site: Site) -> bool:
    try:
        return not health.ailments_of(site)
    except OpsError:
        return False
