"""OpenShift's objects, with the statuses that its operators write."""

from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.nodes import timestamp
from opskit.sandbox.platform.making import condition, create, made, namespace
from opskit.sandbox.site import Site

CONFIG = "config.openshift.io/v1"
MACHINES = "machineconfiguration.openshift.io/v1"
ROUTES = "route.openshift.io/v1"
VERSION, NEXT = "4.20.4", "4.20.6"
RENDERED = "rendered-worker-5f0c"

OPERATORS = (
    "authentication",
    "console",
    "dns",
    "etcd",
    "image-registry",
    "ingress",
    "kube-apiserver",
    "machine-config",
    "monitoring",
    "network",
    "openshift-apiserver",
    "storage",
)


def populate(site: Site) -> None:
    """Create the cluster's version, its operators, its pools, and a project with routes."""
    version = api(site, manager="cluster-version-operator")
    _cluster_version(version)
    for name in OPERATORS:
        client = api(site, manager=f"{name}-operator")
        create(client, "clusteroperators", made("ClusterOperator", CONFIG, name, {}), operator_status())
    pools = api(site, manager="machine-config-controller")
    for name, machines in (("master", 3), ("worker", 3)):
        spec = {"configuration": {"name": RENDERED.replace("worker", name)}, "paused": False}
        create(
            pools,
            "machineconfigpools",
            made("MachineConfigPool", MACHINES, name, spec),
            pool_status(name, machines),
        )
    _project(api(site))


def operator_status(**changed: Json) -> Json:
    """The status of a cluster operator that is well, but for the conditions given by type."""
    conditions = {
        "Available": condition("Available", "True"),
        "Progressing": condition("Progressing", "False"),
        "Degraded": condition("Degraded", "False"),
        "Upgradeable": condition("Upgradeable", "True"),
        **changed,
    }
    return {"conditions": list(conditions.values()), "versions": [{"name": "operator", "version": VERSION}]}


def pool_status(name: str, machines: int, **changed: Json) -> Json:
    """The status of a pool whose machines are all updated, but for the conditions given by type."""
    conditions = {
        "Updated": condition("Updated", "True", ""),
        "Updating": condition("Updating", "False", ""),
        "Degraded": condition("Degraded", "False", ""),
        "NodeDegraded": condition("NodeDegraded", "False", ""),
        "RenderDegraded": condition("RenderDegraded", "False", ""),
        **changed,
    }
    return {
        "conditions": list(conditions.values()),
        "configuration": {"name": RENDERED.replace("worker", name)},
        "machineCount": machines,
        "updatedMachineCount": machines,
        "readyMachineCount": machines,
        "unavailableMachineCount": 0,
        "degradedMachineCount": 0,
    }


def _cluster_version(client: KubeApi) -> None:
    image = "quay.io/openshift-release-dev/ocp-release@sha256:" + "0" * 64
    history = {
        "state": "Completed",
        "version": VERSION,
        "image": image,
        "startedTime": timestamp(),
        "completionTime": timestamp(),
        "verified": True,
    }
    status = {
        "desired": {"version": VERSION, "image": image},
        "history": [history],
        "observedGeneration": 1,
        "versionHash": "sandbox",
        "availableUpdates": [{"version": NEXT, "image": image}],
        "capabilities": {
            "enabledCapabilities": ["Console"],
            "knownCapabilities": ["Build", "Console", "DeploymentConfig"],
        },
        "conditions": [
            condition("Available", "True", "", f"Done applying {VERSION}"),
            condition("Failing", "False"),
            condition("Progressing", "False", "", f"Cluster version is {VERSION}"),
            condition("RetrievedUpdates", "True"),
            condition("ReleaseAccepted", "True", "PayloadLoaded"),
            condition("Upgradeable", "True"),
        ],
    }
    spec = {"channel": "stable-4.20", "clusterID": "00000000-0000-4000-8000-000000000001"}
    create(client, "clusterversions", made("ClusterVersion", CONFIG, "version", spec), status)


def _project(client: KubeApi) -> None:
    namespace(client, "storefront")
    create(
        client,
        "resourcequotas",
        made("ResourceQuota", "v1", "compute", {"hard": {"pods": "50"}}, namespace="storefront"),
    )
    policy = {"podSelector": {}, "policyTypes": ["Ingress"]}
    create(
        client,
        "networkpolicies",
        made("NetworkPolicy", "networking.k8s.io/v1", "default-deny", policy, namespace="storefront"),
    )
    for name in ("web", "web-canary"):
        _service(client, name)
    create(client, "routes", route("web", "storefront", "www.apps.example.com"))


def _service(client: KubeApi, name: str) -> None:
    """A service with pods behind it; kwok calls them ready, and they serve nothing."""
    labels = {"app": name}
    pod = {"containers": [{"name": "web", "image": "sandbox.opskit.dev/stand-in"}]}
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    create(client, "deployments", made("Deployment", "apps/v1", name, spec, namespace="storefront"))
    ports = [{"name": "http", "port": 8080}]
    create(
        client,
        "services",
        made("Service", "v1", name, {"selector": labels, "ports": ports}, namespace="storefront"),
    )


def route(name: str, place: str, host: str) -> Json:
    """A route to the service of its name."""
    spec = {"host": host, "to": {"kind": "Service", "name": name, "weight": 100}, "wildcardPolicy": "None"}
    return made("Route", ROUTES, name, spec, namespace=place)
