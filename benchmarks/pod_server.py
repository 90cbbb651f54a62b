"""A paged pod list over real HTTP, as an API server sends it: `python -m benchmarks.pod_server COUNT`.

Pages of 500 are encoded before the first request, so that serving one is a write to the socket.
The pods are synthetic (about 3 KB of JSON each, shaped after a Deployment's pod with one container).
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlparse

PAGE = 500
_PHASES = ("Running", "Running", "Running", "Pending", "Succeeded")


def pod(number: int) -> dict[str, Any]:
    """One pod, different from every other."""
    name, started = f"app-{number % 97}-{number:06d}", "2026-05-01T10:00:00Z"
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": started}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    container = {
        "name": "main",
        "image": f"registry.example/app-{number % 97}:1.{number % 13}",
        "env": [{"name": f"SETTING_{index}", "value": f"value-{index}-{number}"} for index in range(8)],
        "resources": {
            "limits": {"cpu": "500m", "memory": "512Mi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "volumeMounts": [{"name": "token", "readOnly": True, "mountPath": "/var/run/secrets/token"}],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"},
            "periodSeconds": 10,
        },
    }
    return {
        "metadata": {
            "name": name,
            "namespace": f"team-{number % 40}",
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(1000 + number),
            "creationTimestamp": started,
            "labels": {"app": f"app-{number % 97}", "pod-template-hash": f"{number % 997:x}", "tier": "web"},
            "annotations": {"checksum/config": f"{number:064x}", "prometheus.io/scrape": "true"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": f"app-{number % 97}",
                    "uid": f"{number:x}",
                    "controller": True,
                }
            ],
        },
        "spec": {
            "nodeName": f"node-{number % 500}",
            "containers": [container],
            "volumes": [{"name": "token", "projected": {"sources": [], "defaultMode": 420}}],
            "serviceAccountName": "default",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
            ],
        },
        "status": {
            "phase": _PHASES[number % 5],
            "conditions": conditions,
            "hostIP": f"192.0.2.{number % 250}",
            "podIP": f"198.51.{number // 250 % 250}.{number % 250}",
            "startTime": started,
            "containerStatuses": [
                {
                    "name": "main",
                    "state": {"running": {"startedAt": started}},
                    "lastState": {},
                    "ready": True,
                    "restartCount": number % 4,
                    "image": container["image"],
                    "imageID": f"registry.example/app@sha256:{number:064x}",
                    "containerID": f"containerd://{number:064x}",
                    "started": True,
                }
            ],
        },
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        address = urlparse(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if not address.path.endswith("/pods"):
            self._send(_other(address.path))
            return
        assert asked["limit"] == str(PAGE), "this server has pages of one size"
        self._send(self.pages[asked.get("continue", "0")])

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def _page(begin: int, count: int) -> bytes:
    end = min(begin + PAGE, count)
    more = f',"continue":"{end}"' if end < count else ""
    head = f'{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"9"{more}}},"items":['
    pods = (json.dumps(pod(number), separators=(",", ":")).encode() for number in range(begin, end))
    return head.encode() + b",".join(pods) + b"]}"


def _other(path: str) -> bytes:
    if path == "/version":
        return b'{"major":"1","minor":"37","gitVersion":"v1.37.2"}'
    return b'{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"bench"}}'


def main(count: int) -> None:
    """Serve on a free port of the loopback and print it."""
    for begin in range(0, count, PAGE):
        _Handler.pages[str(begin)] = _page(begin, count)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
