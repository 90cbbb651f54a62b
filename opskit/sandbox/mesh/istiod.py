"""istiod: the real control plane of the mesh, with a certificate authority of its own."""

import socket

import msgspec
import urllib3

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.crds import create_released
from opskit.sandbox.files import write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import tracing
from opskit.sandbox.mesh.workloads import SYSTEM, control
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

NAME = "istiod"
XDS, WEBHOOKS, METRICS, READINESS, PLAIN_XDS = 15012, 15017, 15014, 8080, 15010
SERVING_NAME = f"istiod.{SYSTEM}.svc"
"""The name in istiod's own certificate."""

_LABELS = {"app": "istiod", "istio": "pilot", "istio.io/rev": "default"}
_KINDS = ("virtualservices", "destinationrules", "peerauthentications", "envoyfilters")


def components() -> list[Component]:
    """Istio's CRDs and istiod."""
    return [
        Component(
            name="istio-crds",
            crds=("istio",),
            needs=("kube-apiserver",),
            settle=_create_crds,
            ready=_always,
        ),
        Component(
            name=NAME,
            programs=("pilot-discovery",),
            needs=("istio-crds", "mesh-network", "mesh-namespaces"),
            prepare=_write_mesh,
            command=command,
            ready=ready,
            settle=_create_objects,
            mortal=True,
        ),
    ]


def _always(_: Site) -> bool:
    return True


def local(site: Site) -> str:
    """The loopback address at which istiod answers what only its own pod may ask."""
    return f"{site.network()}.1"


def mesh_config(site: Site) -> Json:
    """The mesh's settings: Istio's defaults, access logs, and where proxies find istiod."""
    return {
        "accessLogFile": "/dev/stdout",
        "enableAutoMtls": True,
        "rootNamespace": SYSTEM,
        "trustDomain": "cluster.local",
        "extensionProviders": [tracing.provider()],
        "defaultConfig": {"discoveryAddress": f"{control(site)}:{XDS}", "concurrency": 1},
    }


def command(site: Site) -> Command:
    """What runs istiod."""
    served = f"{local(site)}:"
    return Command(
        argv=(
            require("pilot-discovery"),
            "discovery",
            f"--kubeconfig={site.state}/kubeconfig",
            f"--meshConfig={site.state}/mesh/mesh.yaml",
            "--networksConfig=",
            "--registries=Kubernetes",
            "--clusterID=Kubernetes",
            "--domain=cluster.local",
            f"--namespace={SYSTEM}",
            f"--grpcAddr={served}{PLAIN_XDS}",
            f"--secureGRPCAddr={control(site)}:{XDS}",
            f"--httpsAddr={served}{WEBHOOKS}",
            f"--monitoringAddr={served}{METRICS}",
            f"--httpAddr={served}{READINESS}",
            "--ctrlz_port=0",
            "--keepaliveMaxServerConnectionAge=24h",
        ),
        env={
            "POD_NAME": "istiod-sandbox",
            "POD_NAMESPACE": SYSTEM,
            "CLUSTER_ID": "Kubernetes",
            "REVISION": "default",
            "PILOT_CERT_PROVIDER": "istiod",
            "JWT_POLICY": "third-party-jwt",
            "ENABLE_LEADER_ELECTION": "false",
            # A plain Envoy has none of Istio's own filters: configuration with them would be rejected whole.
            "PILOT_ENABLE_METADATA_EXCHANGE": "false",
            "PILOT_ENABLE_ALPN_FILTER": "false",
            "INJECTION_WEBHOOK_CONFIG_NAME": "",
            "VALIDATION_WEBHOOK_CONFIG_NAME": "",
            "PILOT_ENABLE_ANALYSIS": "false",
            "GOGC": "200",
        },
    )


def ready(site: Site) -> bool:
    """Whether istiod says that it is ready, and serves proxies."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        if probe.connect_ex((control(site), XDS)) != 0:
            return False
    return ask(site, READINESS, "/ready")[0] == 200


def ask(site: Site, port: int, path: str) -> tuple[int, bytes]:
    """Ask istiod on this machine, beside all of Kubernetes; status 0 where it does not answer."""
    try:
        answer = urllib3.PoolManager().request(
            "GET", f"http://{local(site)}:{port}{path}", timeout=5.0, retries=False
        )
    except urllib3.exceptions.HTTPError:
        return 0, b""
    return answer.status, answer.data


def synced(site: Site) -> list[Json]:
    """What istiod has sent to each proxy, and what each has acknowledged."""
    status, body = ask(site, METRICS, "/debug/syncz")
    return msgspec.json.decode(body) if status == 200 else []


def _write_mesh(site: Site) -> None:
    write_private(site.folder("mesh") / "mesh.yaml", msgspec.json.encode(mesh_config(site)))


def _create_crds(site: Site) -> None:
    create_released(site, "istio")


def _create_objects(site: Site) -> None:
    client = api(site)
    data = {"mesh": msgspec.json.encode(mesh_config(site)).decode(), "meshNetworks": "networks: {}"}
    client.create(
        f"/api/v1/namespaces/{SYSTEM}/configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio"}, "data": data},
    )
    client.create(f"/apis/apps/v1/namespaces/{SYSTEM}/deployments", _deployment())
    client.create(f"/api/v1/namespaces/{SYSTEM}/services", _service())


def _deployment() -> Json:
    image = f"istio/pilot:{program('pilot-discovery').version}"
    ports = [{"containerPort": port} for port in (READINESS, PLAIN_XDS, XDS, METRICS, WEBHOOKS)]
    pod = {
        "metadata": {"labels": _LABELS},
        "spec": {"containers": [{"name": "discovery", "image": image, "ports": ports}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": SYSTEM, "labels": _LABELS},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "istiod"}}, "template": pod},
    }


def _service() -> Json:
    ports = [
        {"name": "grpc-xds", "port": PLAIN_XDS},
        {"name": "https-dns", "port": XDS},
        {"name": "https-webhook", "port": 443, "targetPort": WEBHOOKS},
        {"name": "http-monitoring", "port": METRICS},
    ]
    metadata = {"name": NAME, "namespace": SYSTEM, "labels": _LABELS}
    spec = {"selector": {"app": "istiod"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
