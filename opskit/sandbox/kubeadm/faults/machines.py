"""Machines that lose power, and services on them that stop or can't work."""

from typing import Any

from ruamel.yaml import YAML

from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kubeadm import health, images, machine, reissuing
from opskit.sandbox.kubeadm.faults.common import (
    HEALED_WITHIN,
    api_answers,
    condition,
    control_plane,
    wait_for,
    wait_ready,
)
from opskit.sandbox.kubeadm.layout import Node, control_planes, node_named

_CLIENT = "kubelet/pki/kubelet-client-current.pem"
_CONFIG = "kubelet/config.yaml"
_HEADROOM_MIB = 1024


def _power_off(sandbox: Broken, *, node: str) -> dict[str, Any]:
    chosen = node_named(sandbox.site, node)
    machine.power_off(chosen)
    if chosen.control_plane:
        wait_for(lambda: not health.api_server_ready(chosen), what=f"the API server of {node} is gone")
        if 2 * _on(sandbox) <= len(control_planes(sandbox.site)):
            return {"node": node}
        wait_for(lambda: api_answers(sandbox), what="another control plane answers")
    wait_for(lambda: condition(chosen) == "Unknown", what=f"{node} is NotReady")
    return {"node": node}


def _on(sandbox: Broken) -> int:
    return sum(machine.is_on(each) for each in control_planes(sandbox.site))


def _power_on(sandbox: Broken, *, node: str) -> None:
    chosen = node_named(sandbox.site, node)
    machine.power_on(chosen)
    wait_ready(chosen)


def _control_plane_off(sandbox: Broken, *, node: str = "cp1") -> dict[str, Any]:
    return _power_off(sandbox, node=control_plane(sandbox, node).name)


def _worker_off(sandbox: Broken, *, node: str = "w1") -> dict[str, Any]:
    return _power_off(sandbox, node=node)


def _stop(sandbox: Broken, service: str, node: str, *, seen: str) -> dict[str, Any]:
    chosen = node_named(sandbox.site, node)
    machine.on(chosen, "systemctl", "stop", service)
    wait_for(lambda: condition(chosen) == seen, what=f"{node} is NotReady")
    return {"node": node}


def _stop_kubelet(sandbox: Broken, *, node: str = "w1") -> dict[str, Any]:
    return _stop(sandbox, "kubelet", node, seen="Unknown")


def _stop_containerd(sandbox: Broken, *, node: str = "w1") -> dict[str, Any]:
    return _stop(sandbox, "containerd", node, seen="False")


def _start_kubelet(sandbox: Broken, *, node: str = "w1") -> None:
    _start(sandbox, "kubelet", node)


def _start_containerd(sandbox: Broken, *, node: str = "w1") -> None:
    _start(sandbox, "containerd", node)


def _start(sandbox: Broken, service: str, node: str) -> None:
    chosen = node_named(sandbox.site, node)
    machine.on(chosen, "systemctl", "start", service)
    wait_ready(chosen)


def _expire_kubelet(sandbox: Broken, *, node: str = "w1") -> dict[str, Any]:
    chosen = node_named(sandbox.site, node)
    reissuing.reissue(chosen, _CLIENT, hours=-1)
    machine.on(chosen, "systemctl", "restart", "kubelet")
    wait_for(lambda: condition(chosen) == "Unknown", what=f"{node} is NotReady")
    return {"node": node}


def _renew_kubelet(sandbox: Broken, *, node: str = "w1") -> None:
    chosen = node_named(sandbox.site, node)
    reissuing.give_back(chosen, _CLIENT)
    machine.on(chosen, "systemctl", "restart", "kubelet")
    wait_ready(chosen)


def _press_disk(sandbox: Broken, *, node: str = "w1") -> dict[str, Any]:
    chosen = node_named(sandbox.site, node)
    free = int(machine.on(chosen, "df", "--output=avail", "-BM", "/var/lib/kubelet").split()[-1].rstrip("M"))
    before = _evict_below(chosen, f"{free + _HEADROOM_MIB}Mi")
    wait_for(lambda: condition(chosen, "DiskPressure") == "True", what=f"{node} is under disk pressure")
    return {"node": node, "before": before}


def _relieve_disk(sandbox: Broken, *, node: str = "w1", before: str = "0%") -> None:
    chosen = node_named(sandbox.site, node)
    _evict_below(chosen, before)
    wait_for(
        lambda: condition(chosen, "DiskPressure") == "False",
        what=f"{node} is free of disk pressure",
        deadline=HEALED_WITHIN,
    )
    # Under pressure kubelet deletes the images that it does not use, and nothing can be pulled.
    machine.load(chosen, images.built(sandbox.site))


def _evict_below(node: Node, free: str) -> str:
    """Have kubelet evict when less than that is free; what it was before."""
    yaml, file = YAML(), node.folder / _CONFIG
    told = yaml.load(file.read_text())
    before = str(told["evictionHard"]["nodefs.available"])
    told["evictionHard"]["nodefs.available"] = free
    with file.open("w") as stream:
        yaml.dump(told, stream)
    machine.on(node, "systemctl", "restart", "kubelet")
    return before


CONTROL_PLANE_OFF = Fault(
    name="control-plane-off",
    summary="Pulls a control plane's plug.",
    seen="`kubectl get nodes`: NotReady; `etcdctl endpoint health --cluster`: one member unhealthy. With "
    "fewer than three control planes, kubectl gets no answer at all.",
    inject=_control_plane_off,
    heal=_power_on,
    victims=("the node {node}",),
    arguments={"node": "which control plane; cp1"},
)
WORKER_OFF = Fault(
    name="worker-off",
    summary="Pulls a worker's plug.",
    seen="`kubectl get nodes`: NotReady, `Kubelet stopped posting node status`; SSH does not answer.",
    inject=_worker_off,
    heal=_power_on,
    victims=("the node {node}",),
    arguments={"node": "which node; w1"},
)
KUBELET_STOPPED = Fault(
    name="kubelet-stopped",
    summary="Stops a node's kubelet; its pods run on.",
    seen="`kubectl get nodes`: NotReady; on the node, `systemctl is-active kubelet`: inactive.",
    inject=_stop_kubelet,
    heal=_start_kubelet,
    victims=("the node {node}",),
    arguments={"node": "which node; w1"},
)
CONTAINERD_STOPPED = Fault(
    name="containerd-stopped",
    summary="Stops a node's container runtime; containers run on, and none can be started.",
    seen="`kubectl describe node`: NotReady, `container runtime is down`; on the node, `crictl ps` gets no "
    "connection and `systemctl is-active containerd` says inactive.",
    inject=_stop_containerd,
    heal=_start_containerd,
    victims=("the node {node}",),
    arguments={"node": "which node; w1"},
)
KUBELET_CERTIFICATE_EXPIRED = Fault(
    name="kubelet-certificate-expired",
    summary="Ends a kubelet's client certificate an hour ago, and starts kubelet again.",
    seen="`kubectl get nodes`: NotReady. On the node kubelet ends again and again: `journalctl -u kubelet` "
    "has `part of the existing bootstrap client certificate … is expired` and `unable to load bootstrap "
    "kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory`.",
    inject=_expire_kubelet,
    heal=_renew_kubelet,
    victims=("the node {node}",),
    arguments={"node": "which node; w1"},
)
DISK_PRESSURE = Fault(
    name="disk-pressure",
    summary="Makes kubelet want 1 GiB more free than its disk has.",
    seen="`kubectl describe node`: DiskPressure, `KubeletHasDiskPressure`, and the taint "
    "`node.kubernetes.io/disk-pressure`: no pod is scheduled there, and pods are evicted.",
    inject=_press_disk,
    heal=_relieve_disk,
    victims=("the node {node}",),
    arguments={"node": "which node; w1"},
)
