"""kubeadm in the demo: a worker whose kubelet has ended, a forgotten one, a token that lasts."""

from opskit.sandbox.demo import Demo, State, nothing
from opskit.sandbox.kubeadm import layout, machine
from opskit.sandbox.kubeadm.cluster import kubectl
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

_SILENT, _FORGOTTEN = "w2", "w1"


def _neglected(sandbox: Sandbox) -> None:
    nodes = {node.name: node for node in layout.nodes(sandbox.site)}
    kubectl(sandbox.site, "cordon", _FORGOTTEN)
    machine.on(nodes["cp1"], "kubeadm", "token", "create", "--ttl", "0")
    machine.on(nodes[_SILENT], "systemctl", "stop", "kubelet")
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    wait_until(
        lambda: kubectl(sandbox.site, "get", "node", _SILENT, "-o", ready) == "Unknown",
        what=f"{_SILENT} is no longer heard of",
        deadline=180.0,
        every=2.0,
    )


DEMO = Demo(
    systems=("kubeadm",),
    states=(
        State(name="healthy", enter=nothing),
        State(name="default", enter=_neglected),
    ),
)
