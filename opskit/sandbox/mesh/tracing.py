"""Jaeger: a real collector of the Envoys' traces, and the server that is asked for them."""

import socket

import msgspec

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.mesh.workloads import SYSTEM, control
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

NAME = "jaeger"
NAMESPACE = "tracing"
PROVIDER = "jaeger"
"""What the mesh's settings call it."""
COLLECTOR, QUERY = 4317, 16686
"""Where spans arrive (OTLP over gRPC), and the port of the service that is asked."""
SAMPLED = 10.0
"""Share of requests that are traced, percent."""

_LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": "sandbox"}
_TRACES = 20_000
_TELEMETRY = "/apis/telemetry.istio.io/v1"


def components() -> list[Component]:
    """Jaeger, the objects that lead to it, and the share of requests that are traced."""
    return [
        Component(
            name=NAME,
            programs=("jaeger",),
            needs=("mesh-network",),
            prepare=_write_configuration,
            command=_command,
            ready=_listens,
            mortal=True,
        ),
        Component(name="jaeger-objects", needs=("kube-apiserver",), settle=_create_objects),
        Component(
            name="mesh-telemetry",
            needs=("istio-crds", "mesh-namespaces"),
            ready=lambda site: api(site).find(f"{_TELEMETRY}/telemetries") is not None,
            settle=_create_telemetry,
        ),
    ]


def provider() -> Json:
    """Of the mesh's settings: where Envoys send their spans."""
    service = f"jaeger-collector.{NAMESPACE}.svc.cluster.local"
    return {"name": PROVIDER, "opentelemetry": {"service": service, "port": COLLECTOR}}


def documents(site: Site) -> list[Json]:
    """Where port-forward to its pod leads."""
    real = {QUERY: ("127.0.0.1", site.port("jaeger"))}
    return [forward_to("tracing", selector={"matchNamespaces": [NAMESPACE]}, ports=real)]


def _write_configuration(site: Site) -> None:
    settings = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"spans": {"memory": {"max_traces": _TRACES}}}},
            "jaeger_query": {
                "storage": {"traces": "spans"},
                "http": {"endpoint": f"127.0.0.1:{site.port('jaeger')}"},
                "grpc": {"endpoint": f"127.0.0.1:{site.port('jaeger-grpc')}"},
            },
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{control(site)}:{COLLECTOR}"}}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "spans"}},
    }
    # JSON is YAML, too.
    write_private(site.folder("jaeger") / "jaeger.yaml", msgspec.json.encode(settings))


def _command(site: Site) -> Command:
    # It would send traces of itself to a collector on the usual port.
    env = {"OTEL_TRACES_SAMPLER": "always_off"}
    return Command(argv=(require("jaeger"), f"--config={site.state}/jaeger/jaeger.yaml"), env=env)


def _listens(site: Site) -> bool:
    places = (("127.0.0.1", site.port("jaeger")), (control(site), COLLECTOR))
    return all(_connects(*place) for place in places)


def _connects(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


def _create_objects(site: Site) -> None:
    client = api(site)
    head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    client.create("/api/v1/namespaces", head)
    client.create(f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets", _stateful_set())
    services, slices = f"/api/v1/namespaces/{NAMESPACE}/services", "/apis/discovery.k8s.io/v1"
    client.create(services, _service("jaeger-query", "http-query", QUERY, selector=_LABELS))
    client.create(services, _service("jaeger-collector", "grpc-otlp", COLLECTOR))
    client.create(f"{slices}/namespaces/{NAMESPACE}/endpointslices", _collector(site))


def _stateful_set() -> Json:
    ports = [
        {"name": "http-query", "containerPort": QUERY},
        {"name": "grpc-otlp", "containerPort": COLLECTOR},
    ]
    image = f"jaegertracing/jaeger:{program('jaeger').version}"
    pod = {
        "metadata": {"labels": _LABELS},
        "spec": {"containers": [{"name": NAME, "image": image, "ports": ports}]},
    }
    spec = {
        "replicas": 1,
        "serviceName": "jaeger-query",
        "selector": {"matchLabels": _LABELS},
        "template": pod,
    }
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def _service(name: str, port_name: str, port: int, *, selector: dict[str, str] | None = None) -> Json:
    # Not headless: an Envoy reaches such a service only at the address that an application asked for.
    spec: Json = {"ports": [{"name": port_name, "port": port}]}
    if selector:
        spec["selector"] = selector
    metadata = {"name": name, "namespace": NAMESPACE, "labels": _LABELS if selector else {"app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _collector(site: Site) -> Json:
    """Where it listens: on this machine's end of the pods' network, which its pod's own address is not."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "jaeger-collector-sandbox",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": "jaeger-collector"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [control(site)], "conditions": {"ready": True}}],
        "ports": [{"name": "grpc-otlp", "port": COLLECTOR, "protocol": "TCP"}],
    }


def _create_telemetry(site: Site) -> None:
    tracing = [{"providers": [{"name": PROVIDER}], "randomSamplingPercentage": SAMPLED}]
    telemetry = {
        "apiVersion": "telemetry.istio.io/v1",
        "kind": "Telemetry",
        "metadata": {"name": "mesh-default", "namespace": SYSTEM},
        "spec": {"tracing": tracing},
    }
    api(site).create(f"{_TELEMETRY}/namespaces/{SYSTEM}/telemetries", telemetry)
