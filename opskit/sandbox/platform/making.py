"""How objects of the part are made: created, then given the status that their operator would write."""

from typing import Any

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.nodes import timestamp

STAND_IN = "sandbox.opskit.dev/stand-in"
"""The annotation of what stands in for something that can't be had."""


def made(
    kind: str, api_version: str, name: str, spec: Json, *, namespace: str | None = None, **meta: Any
) -> Json:
    """An object."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **place, **meta},
        "spec": spec,
    }


def create(client: KubeApi, plural: str, body: Json, status: Json | None = None) -> None:
    """Create an object with a status; what is there already stays.

    Args:
        client: as the operator that writes the status.
        plural: of the resource.
        body: the object.
        status: as the operator would write it.

    """
    path = collection(body["apiVersion"], plural, body["metadata"].get("namespace"))
    client.create(path, body)
    if status is not None:
        set_status(client, f"{path}/{body['metadata']['name']}", status)


def set_status(client: KubeApi, path: str, status: Json) -> None:
    """Merge fields into an object's status."""
    client.patch(f"{path}/status", {"status": status})


def collection(api_version: str, plural: str, namespace: str | None = None) -> str:
    """The path of a resource."""
    root = f"/api/{api_version}" if api_version == "v1" else f"/apis/{api_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def condition(kind: str, status: str, reason: str = "AsExpected", message: str = "", **more: Any) -> Json:
    """A condition that changed now."""
    moment = timestamp()
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment,
        **more,
    }


def namespace(client: KubeApi, name: str) -> None:
    """Create a namespace."""
    client.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def deployment(client: KubeApi, name: str, place: str) -> None:
    """Create the deployment of an operator; its pod runs nothing, and says so."""
    labels = {"app": name}
    pod = {"containers": [{"name": "manager", "image": "sandbox.opskit.dev/stand-in"}]}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    body = made("Deployment", "apps/v1", name, spec, namespace=place, annotations={STAND_IN: "true"})
    client.create(collection("apps/v1", "deployments", place), body)
