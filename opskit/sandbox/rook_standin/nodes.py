"""The worker nodes: their objects, and the leases that a kubelet renews."""

from datetime import UTC, datetime

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.light.kwok_config import DAEMON
from opskit.sandbox.light.options import NODES
from opskit.sandbox.rook_standin.holds import hold_of
from opskit.sandbox.site import Site

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
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


def renew_leases(site: Site, api: KubeApi, *, version: str) -> None:
    """Renew every node's lease, and set a node and its pods ready that come back; a held node is silent."""
    for name in NODES:
        if hold_of(site, name) is None:
            _renew(api, name)
            _report_ready(site, api, name, version)
            _report_pods(api, name)


def _renew(api: KubeApi, name: str) -> None:
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": timestamp(micro=True)}
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": spec,
    }
    api.apply(f"{_LEASES}/{name}", lease)


def _report_ready(site: Site, api: KubeApi, name: str, version: str) -> None:
    found = api.find(f"/api/v1/nodes/{name}?resourceVersion=0")
    if found is not None and not is_ready(found):
        api.patch(f"/api/v1/nodes/{name}/status", status(version=version, port=site.port("kwok")))


def _report_pods(api: KubeApi, name: str) -> None:
    """Tell that pods without a daemon run: a silent node's are called unready by the control plane."""
    for pod in api.items(f"/api/v1/pods?fieldSelector=spec.nodeName={name}"):
        meta = pod["metadata"]
        if pod["status"].get("phase") != "Running" or is_ready(pod) or meta.get("deletionTimestamp"):
            continue
        if DAEMON not in meta.get("annotations", {}):
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
            api.patch(path, {"status": {"conditions": ready_again(pod["status"]["conditions"])}})


def ready_again(conditions: list[Json]) -> list[Json]:
    """A running pod's conditions, with those true that its node's silence made false. Pure."""
    lost = ("Ready", "ContainersReady")
    true = {"status": "True", "lastTransitionTime": timestamp()}
    return [
        {"type": each["type"], **true} if each["type"] in lost and each["status"] != "True" else each
        for each in conditions
    ]


def is_ready(node_or_pod: Json) -> bool:
    """Whether the Ready condition is true."""
    conditions = node_or_pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def timestamp(*, micro: bool = False) -> str:
    """The present, as Kubernetes writes it."""
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
