"""Prometheus, scraping the real manager's metrics, behind the Service that the Prometheus operator makes."""

import socket

import msgspec

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.files import write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.light.control_plane import api
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

NAMESPACE = "monitoring"
_LABELS = {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": "sandbox"}


def components() -> list[Component]:
    """Prometheus and the objects that lead to it."""
    return [
        Component(
            name="prometheus",
            programs=("prometheus",),
            prepare=_write_configuration,
            command=_prometheus,
            ready=_listens,
        ),
        Component(name="prometheus-objects", needs=("kube-apiserver",), settle=_create_objects),
    ]


def _write_configuration(site: Site) -> None:
    labels = {"namespace": "rook-ceph", "service": "rook-ceph-mgr", "cluster": "rook-ceph"}
    target = {"targets": [f"127.0.0.1:{site.port('mgr-metrics')}"], "labels": labels}
    job = {"job_name": "rook-ceph-mgr", "honor_labels": True, "static_configs": [target]}
    settings = {"global": {"scrape_interval": "5s", "scrape_timeout": "4s"}, "scrape_configs": [job]}
    write_private(site.state / "prometheus.yml", msgspec.json.encode(settings))


def _prometheus(site: Site) -> Command:
    return Command(
        argv=(
            require("prometheus"),
            f"--config.file={site.state}/prometheus.yml",
            f"--storage.tsdb.path={site.folder('prometheus')}",
            "--storage.tsdb.retention.time=12h",
            f"--web.listen-address=127.0.0.1:{site.port('prometheus')}",
        )
    )


def _listens(site: Site) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", site.port("prometheus"))) == 0


def _create_objects(site: Site) -> None:
    client = api(site)
    client.create(
        "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    )
    client.create(f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets", _stateful_set())
    client.create(f"/api/v1/namespaces/{NAMESPACE}/services", _service())


def _stateful_set() -> Json:
    container = {
        "name": "prometheus",
        "image": "prometheus",
        "ports": [{"name": "web", "containerPort": 9090}],
    }
    pod = {"metadata": {"labels": _LABELS}, "spec": {"containers": [container]}}
    spec = {
        "replicas": 1,
        "serviceName": "prometheus-operated",
        "selector": {"matchLabels": _LABELS},
        "template": pod,
    }
    metadata = {"name": "prometheus-sandbox", "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def _service() -> Json:
    ports = [{"name": "web", "port": 9090, "targetPort": "web"}]
    metadata = {
        "name": "prometheus-operated",
        "namespace": NAMESPACE,
        "labels": {"operated-prometheus": "true"},
    }
    spec = {"clusterIP": "None", "selector": _LABELS, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
