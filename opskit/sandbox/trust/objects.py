"""Kubernetes objects of servers that are processes: namespaces, Services, Deployments, StatefulSets. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opskit.sandbox.keeper.annotations import annotations
from opskit.sandbox.kube import Json, KubeApi


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A Deployment or StatefulSet whose pods are processes."""

    name: str
    namespace: str
    image: str
    """As the project's own manifests name it."""
    daemon: str
    """The process; `{pod}` is the pod's name."""
    probe: str
    address: str
    ports: dict[str, int]
    """Named container ports."""
    component: str = ""
    args: tuple[str, ...] = ()
    instance: str = ""
    """The Helm release; the name by default."""
    app: str = ""
    """`app.kubernetes.io/name`; the name by default."""
    version: str = ""
    volumes: tuple[Json, ...] = ()
    env: tuple[Json, ...] = ()
    service_account: str = "default"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that its pods are selected by."""
        component = {"app.kubernetes.io/component": self.component} if self.component else {}
        return {
            "app.kubernetes.io/name": self.app or self.name,
            "app.kubernetes.io/instance": self.instance or self.app or self.name,
            **component,
        }


def deployment(work: Workload) -> Json:
    """A Deployment of one pod. The old pod goes before the new one comes, for there is one process."""
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": work.labels},
        "template": _template(work),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(work), "spec": spec}


def stateful_set(work: Workload, *, replicas: int) -> Json:
    """A StatefulSet; pods are replaced by hand, as those of a server that is unsealed by hand."""
    spec = {
        "replicas": replicas,
        "serviceName": f"{work.name}-internal",
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "OnDelete"},
        "selector": {"matchLabels": work.labels},
        "template": _template(work),
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": _metadata(work), "spec": spec}


def _metadata(work: Workload) -> Json:
    version = {"app.kubernetes.io/version": work.version} if work.version else {}
    return {"name": work.name, "namespace": work.namespace, "labels": {**work.labels, **version}}


def _template(work: Workload) -> Json:
    mounts = [{"name": each["name"], "mountPath": f"/etc/{each['name']}"} for each in work.volumes]
    container = {
        "name": work.app or work.name,
        "image": work.image,
        "args": list(work.args),
        "env": list(work.env),
        "ports": [{"name": name, "containerPort": port} for name, port in work.ports.items()],
        "volumeMounts": mounts,
    }
    marks = annotations(work.daemon, probe=work.probe, address=work.address)
    spec = {
        "containers": [container],
        "serviceAccountName": work.service_account,
        "volumes": list(work.volumes),
    }
    return {"metadata": {"labels": work.labels, "annotations": marks}, "spec": spec}


def service(
    name: str,
    *,
    namespace: str,
    selector: Mapping[str, str],
    ports: Mapping[str, int],
    headless: bool = False,
) -> Json:
    """A Service."""
    listed = [{"name": key, "port": port, "targetPort": port} for key, port in ports.items()]
    spec: Json = {"selector": dict(selector), "ports": listed}
    if headless:
        spec.update(clusterIP="None", publishNotReadyAddresses=True)
    metadata = {"name": name, "namespace": namespace, "labels": dict(selector)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def namespace(name: str) -> Json:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def named(kind: str, name: str, *, namespace: str = "", api: str = "v1", **fields: Any) -> Json:
    """Any object: its kind, its name and whatever fields it has."""
    scope = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **scope}, **fields}


_PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}


def path_of(body: Json, *, collection: bool = False) -> str:
    """Where the API server keeps an object."""
    version, metadata = body["apiVersion"], body["metadata"]
    base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    scope = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    plural = _PLURALS.get(body["kind"], f"{body['kind'].lower()}s")
    return f"{base}{scope}/{plural}" + ("" if collection else f"/{metadata['name']}")


def apply_all(client: KubeApi, bodies: Sequence[Json]) -> None:
    """Apply objects in order."""
    for each in bodies:
        client.apply(path_of(each), each)
