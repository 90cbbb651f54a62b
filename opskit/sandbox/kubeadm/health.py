"""Whether a kubeadm cluster is healthy: asked of each API server, of the nodes and of kube-system's pods."""

from functools import cache
from pathlib import Path

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.kubeadm.layout import Node, control_planes, nodes
from opskit.sandbox.site import Site


def ailments(sandbox: Broken) -> list[str]:
    """What keeps the cluster from being healthy, in words; nothing when it is."""
    return ailments_of(sandbox.site)


def ailments_of(site: Site) -> list[str]:
    """What keeps the cluster from being healthy, in words; nothing when it is."""
    servers = [
        f"the API server of {node.name} is not ready"
        for node in control_planes(site)
        if not api_server_ready(node)
    ]
    try:
        return servers + _not_ready(site)
    except OpsError as error:
        return [*servers, str(error)]


def api_server_ready(node: Node) -> bool:
    """Whether one control plane's own API server says that it is ready."""
    try:
        return _own_api(f"https://{node.address}:6443", node.site.folder("pki")).ready()
    except OpsError:
        return False


def forget_connections(site: Site) -> None:
    """Close what is open to the API servers."""
    if (site.state / "network.json").exists() and "server" in site.record:
        api(site).close()
        for node in control_planes(site):
            _own_api(f"https://{node.address}:6443", site.folder("pki")).close()


@cache
def _own_api(server: str, pki: Path) -> KubeApi:
    return KubeApi(server, pki=pki, user="admin", manager="opskit-sandbox")


def _not_ready(site: Site) -> list[str]:
    client = api(site)
    there = {each["metadata"]["name"]: each for each in client.items("/api/v1/nodes")}
    pods = client.items("/api/v1/namespaces/kube-system/pods")
    return [
        *(
            f"the node {node.name} is not ready"
            for node in nodes(site)
            if not is_true(there.get(node.name), "Ready")
        ),
        *(f"the pod {pod['metadata']['name']} is not ready" for pod in pods if not is_true(pod, "Ready")),
    ]


def is_true(found: Json | None, condition: str) -> bool:
    """Whether a node's or a pod's condition holds; a pod that has succeeded is well."""
    if found is None:
        return False
    status: Json = found.get("status", {})
    return status.get("phase") == "Succeeded" or any(
        each["type"] == condition and each["status"] == "True" for each in status.get("conditions", [])
    )
