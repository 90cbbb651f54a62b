"""A proxy in front of the real API server: it logs each request, and loses what a test wants lost."""

import http.client
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from opskit.sandbox import control_plane
from opskit.sandbox.site import Site

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass
class Seen:
    """One request that came through."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: dict[str, Any]
    status: int = 0
    fault: str = ""

    @property
    def dry_run(self) -> bool:
        """As the API server understands it."""
        asked = self.body.get("dryRun") if self.method == "DELETE" and self.body else self.query.get("dryRun")
        return asked == ["All"]

    @property
    def write(self) -> bool:
        """Whether it may change what is stored."""
        return self.method in WRITES and not self.path.endswith("reviews") and not self.dry_run

    @property
    def essence(self) -> str:
        """What a write and its dry run have in common."""
        body = {key: value for key, value in self.body.items() if key != "dryRun"}
        return f"{self.method} {self.path} {json.dumps(body, sort_keys=True)}"


Fault = Callable[[Seen], str]
"""What is to go wrong: `` (nothing), `lose-answer`, `lose-request`, `status:503`."""


@dataclass
class Proxy:
    """Listens on a port of its own, and speaks to the API server as cluster admin."""

    site: Site
    folder: Path
    fault: Fault = lambda _: ""
    log: list[Seen] = field(default_factory=list[Seen])
    down: bool = False

    def __enter__(self) -> Self:
        proxy = self
        pki = self.site.folder("pki")
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        upstream = urlsplit(control_plane.server(self.site))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                url = urlsplit(self.path)
                seen = Seen(self.command, url.path, parse_qs(url.query), json.loads(raw) if raw else {})
                proxy.log.append(seen)
                seen.fault = "lose-request" if proxy.down else proxy.fault(seen)
                if seen.fault == "lose-request":
                    self._hang_up()
                    return
                if seen.fault.startswith("status:"):
                    self._answer(int(seen.fault[7:]), {"Content-Type": "text/plain"}, b"the proxy says so")
                    return
                status, headers, body = self._forward(raw)
                seen.status = status
                if seen.fault == "lose-answer" or proxy.down:
                    self._hang_up()
                    return
                self._answer(status, headers, body)

            def _hang_up(self) -> None:
                self.close_connection = True
                self.connection.close()

            def _forward(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
                connection = http.client.HTTPSConnection(
                    str(upstream.hostname), upstream.port, context=context, timeout=30
                )
                kept = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}}
                try:
                    connection.request(self.command, self.path, body=raw or None, headers=kept)
                    answer = connection.getresponse()
                    wanted = ("Content-Type", "Retry-After")
                    headers = {k: v for k, v in answer.getheaders() if k in wanted}
                    return answer.status, headers, answer.read()
                finally:
                    connection.close()

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that leads through the proxy."""
        name, url = "proxied", f"http://127.0.0.1:{self._server.server_port}"
        file = self.folder / "proxied.kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": url}}],
            "users": [{"name": name, "user": {}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        file.write_text(json.dumps(config))
        return file

    @property
    def writes(self) -> list[Seen]:
        """All that may have changed what is stored."""
        return [seen for seen in self.log if seen.write]

    def effects(self, plural: str) -> list[Seen]:
        """Writes to this resource that the API server accepted."""
        return [seen for seen in self.writes if f"/{plural}" in seen.path and 200 <= seen.status < 300]


def once(match: Callable[[Seen], bool], fault: str) -> Fault:
    """The fault, for the first request that matches."""
    left = [fault]

    def decide(seen: Seen) -> str:
        return left.pop() if left and match(seen) else ""

    return decide
