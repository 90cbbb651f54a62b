"""The leases that a kubelet renews, for every node that is not held."""

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.kubelet.holds import hold_of
from opskit.sandbox.kwok_config import DAEMON
from opskit.sandbox.nodes import is_ready, status, timestamp
from opskit.sandbox.site import Site

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def renew_leases(site: Site, api: KubeApi, *, version: str) -> None:
    """Renew every node's lease, and set a node and its pods ready that come back; a held node is silent."""
    for found in api.items("/api/v1/nodes"):
        name = found["metadata"]["name"]
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
