"""A real control plane to read from, with a few objects, a pod that runs commands, and a server behind it."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from opskit.core.live_config import Credentials
from opskit.sandbox import control_plane, nodes
from opskit.sandbox.component import bring_up
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.site import Site

NAMESPACE = "reading"
CONFIGS = 1203
"""Config maps in the namespace `many`: more than two pages."""
SAMPLE = (
    b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"]]}]}}'
)


@dataclass(frozen=True)
class Control:
    """The control plane as the tests see it."""

    site: Site

    @property
    def kubeconfig(self) -> Path:
        return self.site.state / "kubeconfig"

    @property
    def context(self) -> str:
        return f"opskit-{self.site.name}"

    @property
    def credentials(self) -> Credentials:
        return Credentials(kubeconfig=str(self.kubeconfig), context=self.context)


class Prometheus(BaseHTTPRequestHandler):
    """Answers a range query, and 404 to all else."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""

    def do_GET(self) -> None:
        known = self.path.startswith("/api/v1/query_range?query=up&start=")
        self.send_response(200 if known else 404)
        body = SAMPLE if known else b"not here"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _forwards(site: Site) -> list[Json]:
    to = {9090: ("127.0.0.1", site.port("prometheus"))}
    return [forward_to("reading", selector={"matchNamespaces": ["reading"]}, ports=to)]


TOOLS: Part[Any] = Part(name="tools", components=lambda _, __: [], options=NoOptions, pods=_forwards)
"""Where a port-forward to the pod of these tests leads."""


@pytest.fixture(scope="session")
def control() -> Iterator[Control]:
    """The control plane; ended when the tests have ended."""
    site = Site(f"reading-{os.getpid()}")
    site.make()
    server = ThreadingHTTPServer(("127.0.0.1", site.port("prometheus")), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Without controllers nobody finds that the node sends no heartbeats, and its pods stay Ready.
    absent = ("kube-scheduler", "kube-controller-manager")
    parts = (control_plane.PART, TOOLS)
    every = control_plane.components(control_plane.ControlPlaneOptions(), parts)
    wanted = [each for each in every if each.name not in absent]
    try:
        bring_up(site, wanted)
        _fill(site)
        yield Control(site)
    finally:
        server.shutdown()
        server.server_close()
        site.processes.stop_all()
        site.remove()


def _fill(site: Site) -> None:
    api = control_plane.api(site, manager="kubectl")
    api.create("/api/v1/nodes", nodes.node("n1"))
    status = nodes.status(version="1.37.2", port=site.port("kwok"))
    api.patch("/api/v1/nodes/n1/status", status)
    for name in (NAMESPACE, "many"):
        api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    root = f"/api/v1/namespaces/{NAMESPACE}"
    api.create(f"{root}/serviceaccounts", {"metadata": {"name": "default"}})
    for name, labels in (("tools", {"app": "tools"}), ("web", {"app": "web", "tier": "front"})):
        ports = [{"name": "web", "containerPort": 9090}]
        spec = {"nodeName": "n1", "automountServiceAccountToken": False}
        spec["containers"] = [{"name": "main", "image": "x", "ports": ports}]
        api.create(f"{root}/pods", {"metadata": {"name": name, "labels": labels}, "spec": spec})
        conditions = [{"type": "Ready", "status": "True"}]
        api.patch(f"{root}/pods/{name}/status", {"status": {"phase": "Running", "conditions": conditions}})
    ports = [{"name": "web", "port": 80, "targetPort": "web"}]
    service = {
        "metadata": {"name": "prometheus-operated"},
        "spec": {"selector": {"app": "tools"}, "ports": ports},
    }
    api.create(f"{root}/services", service)
    api.create(
        f"{root}/secrets", {"metadata": {"name": "s"}, "stringData": {"password": "canary-of-the-cluster"}}
    )
    for number in range(CONFIGS):
        metadata = {"name": f"c{number:04d}", "labels": {"part": str(number % 3)}}
        api.create("/api/v1/namespaces/many/configmaps", {"metadata": metadata, "data": {"n": str(number)}})
    api.close()
