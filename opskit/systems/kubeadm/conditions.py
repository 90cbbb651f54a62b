"""Predicates that kubeadm's plans name. Objects are compared by UID."""

from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound
from opskit.systems.kubeadm import kinds

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


def _node(cluster: "Cluster", name: str, uid: str) -> kinds.Node | None:
    try:
        found = cluster.get(kinds.NODE, name)
    except NotFound:
        return None
    return found if uid in ("", found.metadata.uid) else None


@CONDITIONS.named("kubeadm/node-cordoned")
def node_cordoned(cluster: "Cluster", *, node: str, uid: str = "") -> Held:
    """The node takes no new pods."""
    found = _node(cluster, node, uid)
    if found is None:
        return Held(ok=False, state=f"node {node} is gone")
    closed = found.spec.unschedulable
    return Held(ok=closed, state=f"node {node} is {'cordoned' if closed else 'open'}")


@CONDITIONS.named("kubeadm/node-open")
def node_open(cluster: "Cluster", *, node: str, uid: str = "") -> Held:
    """The node takes new pods."""
    found = _node(cluster, node, uid)
    if found is None:
        return Held(ok=False, state=f"node {node} is gone")
    closed = found.spec.unschedulable
    return Held(ok=not closed, state=f"node {node} is {'cordoned' if closed else 'open'}")


@CONDITIONS.named("kubeadm/node-ready")
def node_ready(cluster: "Cluster", *, node: str, uid: str = "") -> Held:
    """The node's kubelet says that it is ready."""
    found = _node(cluster, node, uid)
    if found is None:
        return Held(ok=False, state=f"node {node} is gone")
    return Held(ok=found.ready, state=f"node {node} is {'Ready' if found.ready else 'not Ready'}")


@CONDITIONS.named("kubeadm/pod-gone")
def pod_gone(cluster: "Cluster", *, name: str, namespace: str, uid: str) -> Held:
    """The pod is gone. Another one may have its name by now."""
    try:
        found = cluster.get(kinds.POD, name, namespace=namespace)
    except NotFound:
        return Held(ok=True, state=f"pod {namespace}/{name} is gone")
    if found.metadata.uid != uid:
        return Held(ok=True, state=f"pod {namespace}/{name} is another one by now")
    ending = found.metadata.deletion_timestamp is not None
    return Held(ok=False, state=f"pod {namespace}/{name} {'is ending' if ending else 'is still there'}")


@CONDITIONS.named("kubeadm/node-drained")
def node_drained(cluster: "Cluster", *, node: str) -> Held:
    """Only pods are left on the node that a drain leaves: static ones, those of DaemonSets, finished ones."""
    left = [
        f"{pod.namespace}/{pod.name}"
        for pod in cluster.list(kinds.POD)
        if pod.spec.node_name == node and kinds.moves(pod)
    ]
    state = f"{len(left)} pods are left on {node}: {', '.join(left[:5])}" if left else f"{node} is drained"
    return Held(ok=not left, state=state)
