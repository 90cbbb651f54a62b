"""The pods, services and accounts of the mesh, as objects: opskit and istioctl find everything by them."""

from opskit.sandbox.binaries import find
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import ADDRESS
from opskit.sandbox.mesh.workloads import (
    CLUSTER_IPS,
    GATEWAY,
    INGRESS,
    LEGACY,
    PORT,
    SHOP,
    SYSTEM,
    WORKLOADS,
    Workload,
)
from opskit.sandbox.nodes import is_ready
from opskit.sandbox.pins import program
from opskit.sandbox.site import Site


def components() -> list[Component]:
    """Namespaces and accounts first, for tokens; then services and pods."""
    return [
        Component(name="mesh-namespaces", needs=("kube-apiserver",), settle=_create_namespaces),
        Component(
            name="mesh-objects",
            needs=("mesh-namespaces", "nodes", "kube-controller-manager", "kwok"),
            settle=_create,
        ),
        Component(name="mesh-pods", needs=("mesh-objects",), ready=lambda site: not unready(site)),
    ]


def labels(each: Workload) -> dict[str, str]:
    """A pod's labels, with those that the injector adds."""
    own = {"app": each.app, "version": each.version, "workload": each.name}
    if not each.proxy:
        return own
    added = {
        "istio.io/rev": "default",
        "service.istio.io/canonical-name": each.app,
        "service.istio.io/canonical-revision": each.version,
    }
    if each.proxy == "router":
        return {**own, "istio": "ingressgateway", **added}
    return {**own, "security.istio.io/tlsMode": "istio", **added}


def service_account(each: Workload) -> str:
    """The service account that a workload's identity is made of."""
    return each.app


def unready(site: Site) -> list[str]:
    """The workloads whose pod is not Ready at its address."""
    client = api(site)
    found = {
        pod["metadata"]["name"]: pod
        for namespace in (INGRESS, SHOP, LEGACY)
        for pod in client.items(f"/api/v1/namespaces/{namespace}/pods")
    }
    return [
        each.name
        for each in WORKLOADS
        if not is_ready(found.get(each.pod, {}))
        or found[each.pod]["status"].get("podIP") != each.address(site)
    ]


def _create_namespaces(site: Site) -> None:
    client = api(site)
    for name in (SYSTEM, INGRESS, SHOP, LEGACY):
        told = {"istio-injection": "enabled"} if name == SHOP else {}
        head = {"name": name, "labels": told}
        client.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": head})
    for each in WORKLOADS:
        path = f"/api/v1/namespaces/{each.namespace}/serviceaccounts"
        client.create(path, {"metadata": {"name": service_account(each)}})


def _create(site: Site) -> None:
    client = api(site)
    for each in WORKLOADS:
        path = f"/apis/apps/v1/namespaces/{each.namespace}/statefulsets"
        client.create(path, _stateful_set(site, each))
    for app, address in CLUSTER_IPS.items():
        client.create(f"/api/v1/namespaces/{SHOP}/services", _service(app, SHOP, {"app": app}, address))
    gateway = _service(GATEWAY.app, INGRESS, {"istio": "ingressgateway"}, "")
    client.create(f"/api/v1/namespaces/{INGRESS}/services", gateway)


def _stateful_set(site: Site, each: Workload) -> Json:
    chosen = {"workload": each.name}
    annotations = {ADDRESS: each.address(site)}
    if each.proxy == "sidecar":
        annotations["sidecar.istio.io/status"] = '{"containers":["istio-proxy"],"revision":"default"}'
    pod = {
        "metadata": {"labels": labels(each), "annotations": annotations},
        "spec": {"serviceAccountName": service_account(each), "containers": _containers(each)},
    }
    spec = {"replicas": 1, "serviceName": each.app, "selector": {"matchLabels": chosen}, "template": pod}
    metadata = {"name": each.name, "namespace": each.namespace, "labels": labels(each)}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def _containers(each: Workload) -> list[Json]:
    image = f"istio/proxyv2:{program('pilot-agent').version}-envoy-{find('envoy').version}"
    ports = [{"name": "http-envoy-prom", "containerPort": 15090}]
    proxy = {"name": "istio-proxy", "image": image, "ports": ports, "args": ["proxy", each.proxy]}
    shop = {
        "name": each.app,
        "image": f"sandbox/{each.app}:{each.version}",
        "ports": [{"containerPort": PORT}],
    }
    if each.proxy == "router":
        return [{**proxy, "ports": [*ports, {"containerPort": PORT}]}]
    return [shop, proxy] if each.proxy else [shop]


def _service(name: str, namespace: str, selector: dict[str, str], address: str) -> Json:
    ports = [{"name": "http", "port": PORT, "targetPort": PORT}]
    spec: Json = {"selector": selector, "ports": ports}
    if address:
        spec["clusterIP"] = address
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
