"""Prometheus, scraping what the parts of a profile offer, behind the Prometheus operator's Service."""

import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.part import Part
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

NAMESPACE = "monitoring"
_LABELS = {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": "sandbox"}


class MonitoringOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen of the monitoring."""

    prometheus: bool = True
    """Prometheus, scraping what the profile has to offer."""


def components(options: MonitoringOptions, parts: Sequence[Part[Any]]) -> list[Component]:
    """Prometheus and the objects that lead to it."""
    if not options.prometheus:
        return []
    return [
        Component(
            name="prometheus",
            programs=("prometheus",),
            prepare=partial(_write_configuration, parts=parts),
            command=_prometheus,
            ready=_listens,
        ),
        Component(name="prometheus-objects", needs=("kube-apiserver",), settle=_create_objects),
    ]


def _pods(site: Site) -> list[Json]:
    real = {9090: ("127.0.0.1", site.port("prometheus"))}
    return [forward_to("monitoring", selector={"matchNamespaces": [NAMESPACE]}, ports=real)]


def _write_configuration(site: Site, *, parts: Sequence[Part[Any]]) -> None:
    jobs = [job for part in parts for job in part.scrapes(site)]
    settings = {"global": {"scrape_interval": "5s", "scrape_timeout": "4s"}, "scrape_configs": jobs}
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


PART = Part(name="monitoring", components=components, options=MonitoringOptions, disk_mib=100, pods=_pods)
"""A real Prometheus."""
