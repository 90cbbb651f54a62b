"""The worker nodes, as objects, and what a kubelet reports of them."""

from datetime import UTC, datetime

from opskit.sandbox.kube import Json

NODES = ("node-a", "node-b", "node-c")
"""The worker nodes; to Ceph, the hosts."""

_CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
_HEALTHY = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID"),
    "Ready": ("True", "KubeletReady"),
}


def node(name: str) -> Json:
    """A Node object, without its status."""
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node-role.kubernetes.io/worker": "",
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def status(*, version: str, port: int) -> Json:
    """The status that a healthy node's kubelet reports.

    Args:
        version: of Kubernetes.
        port: where exec, logs and port-forward are served.

    """
    now = timestamp()
    conditions = [
        {"type": each, "status": value, "reason": reason, "lastHeartbeatTime": now, "lastTransitionTime": now}
        for each, (value, reason) in _HEALTHY.items()
    ]
    info = {
        "architecture": "amd64",
        "bootID": "",
        "containerRuntimeVersion": "opskit-sandbox://1",
        "kernelVersion": "",
        "kubeProxyVersion": "",
        "kubeletVersion": f"v{version}",
        "machineID": "",
        "operatingSystem": "linux",
        "osImage": "opskit sandbox",
        "systemUUID": "",
    }
    return {
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "allocatable": _CAPACITY,
            "capacity": _CAPACITY,
            "conditions": conditions,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "nodeInfo": info,
        }
    }


def is_ready(node_or_pod: Json) -> bool:
    """Whether the Ready condition is true."""
    conditions = node_or_pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def timestamp(*, micro: bool = False) -> str:
    """The present, as Kubernetes writes it."""
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
