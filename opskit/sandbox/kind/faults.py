"""What can be broken in a cluster that kind made, through its nodes' containers."""

from collections.abc import Callable
from typing import Any

from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kind import cluster, engine
from opskit.sandbox.waiting import wait_until

_SEEN_WITHIN = 180.0
_HEALED_WITHIN = 300.0
_MANIFESTS = "/etc/kubernetes/manifests"
_NODE = {"node": "which node, as worker or control-plane; control-plane"}


def _stop_kubelet(sandbox: Broken, *, node: str = "control-plane") -> dict[str, Any]:
    whole = cluster.node_named(sandbox.site, node)
    cluster.on(sandbox.site, whole, "systemctl", "stop", "kubelet")
    _wait_node(sandbox, whole, ready=False)
    return {"node": node}


def _start_kubelet(sandbox: Broken, *, node: str = "control-plane") -> None:
    whole = cluster.node_named(sandbox.site, node)
    cluster.on(sandbox.site, whole, "systemctl", "start", "kubelet")
    _wait_node(sandbox, whole, ready=True)


def _stop_node(sandbox: Broken, *, node: str = "worker") -> dict[str, Any]:
    whole = cluster.node_named(sandbox.site, node)
    engine.call(sandbox.site, "kill", whole)
    _wait_node(sandbox, whole, ready=False)
    return {"node": node}


def _start_node(sandbox: Broken, *, node: str = "worker") -> None:
    whole = cluster.node_named(sandbox.site, node)
    engine.call(sandbox.site, "start", whole)
    _wait_node(sandbox, whole, ready=True)


def _take_scheduler(sandbox: Broken, *, node: str = "control-plane") -> dict[str, Any]:
    whole = cluster.node_named(sandbox.site, node)
    _move(sandbox, whole, _MANIFESTS, "/etc/kubernetes")
    _wait(lambda: not _scheduler_ready(sandbox, whole), f"the scheduler of {whole} is gone", _SEEN_WITHIN)
    return {"node": node}


def _give_scheduler(sandbox: Broken, *, node: str = "control-plane") -> None:
    whole = cluster.node_named(sandbox.site, node)
    _move(sandbox, whole, "/etc/kubernetes", _MANIFESTS)
    _wait(lambda: _scheduler_ready(sandbox, whole), f"the scheduler of {whole} is ready", _HEALED_WITHIN)


def _move(sandbox: Broken, node: str, source: str, target: str) -> None:
    """Nothing happens where the manifest lies at its target already."""
    line = f"test ! -e {source}/kube-scheduler.yaml || mv {source}/kube-scheduler.yaml {target}/"
    cluster.on(sandbox.site, node, "sh", "-c", line)


def _scheduler_ready(sandbox: Broken, node: str) -> bool:
    pods = cluster.items(
        sandbox.site, "--namespace=kube-system", "pods", "--selector=component=kube-scheduler"
    )
    return any(each["spec"].get("nodeName") == node and cluster.is_true(each, "Ready") for each in pods)


def _wait_node(sandbox: Broken, node: str, *, ready: bool) -> None:
    def holds() -> bool:
        (found,) = (each for each in cluster.items(sandbox.site, "nodes") if each["metadata"]["name"] == node)
        return cluster.is_true(found, "Ready") == ready

    what = f"{node} is {'Ready' if ready else 'NotReady'}"
    _wait(holds, what, _HEALED_WITHIN if ready else _SEEN_WITHIN)


def _wait(holds: Callable[[], bool], what: str, deadline: float) -> None:
    wait_until(holds, what=what, deadline=deadline, every=0.5)


FAULTS = (
    Fault(
        name="kubelet-stopped",
        summary="Stops a node's kubelet; its pods run on.",
        seen="`kubectl get nodes`: NotReady, `Kubelet stopped posting node status`; in the node's container, "
        "`systemctl is-active kubelet`: inactive.",
        inject=_stop_kubelet,
        heal=_start_kubelet,
        victims=("the node {node}",),
        arguments=_NODE,
    ),
    Fault(
        name="node-killed",
        summary="Kills a worker's container, as a machine that loses power.",
        seen="`docker ps` or `podman ps`: the container is gone; `kubectl get nodes`: NotReady.",
        inject=_stop_node,
        heal=_start_node,
        victims=("the node {node}",),
        arguments={"node": "which node, as worker or worker2; worker"},
    ),
    Fault(
        name="scheduler-gone",
        summary="Moves the scheduler's manifest out of its folder: no pod is placed on a node any more.",
        seen="`kubectl -n kube-system get pods`: no kube-scheduler; a new pod stays Pending.",
        inject=_take_scheduler,
        heal=_give_scheduler,
        victims=("the node {node}",),
        arguments={"node": "which control plane, as control-plane; control-plane"},
    ),
)
"""All of them, as `opskit sandbox fault list` shows them."""
