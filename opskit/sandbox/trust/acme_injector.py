"""The process `acme-fault-injector`: passes ACME on, or answers as a CA in trouble does.

Pebble has no rate limits and does not fail, so what a public CA answers then is answered here: for paths that
`inject` names, by a problem document. All else goes to Pebble and back, the Host header included, so that the
links in its answers lead here again.
"""

import http.server
import socketserver
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import urllib3

from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import PORTS, host, where
from opskit.sandbox.trust.authority import folder

_OWN_HEADERS: Final = {"content-length", "transfer-encoding", "connection", "date", "server"}
_NONCE = "/nonce-plz"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What the CA answers instead."""

    path: str
    """Prefix of the paths that it answers so, as `/order-plz`."""
    status: int
    kind: str
    """After `urn:ietf:params:acme:error:`, as `rateLimited`."""
    detail: str
    retry_after: int = 0
    """Seconds; 0 says nothing."""


def inject(site: Site, trouble: Trouble | None) -> None:
    """Answer so from now on; None ends it."""
    write_json(_file(site), trouble)


def _file(site: Site) -> Path:
    return site.state / "acme-trouble.json"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, pool: urllib3.PoolManager, *arguments: Any) -> None:
        self._site = site
        self._pool = pool
        self._upstream = f"https://{where(site, 'acme', port='acme-pebble')}"
        super().__init__(*arguments)

    def log_message(self, format: str, *args: Any) -> None:
        """Say each request on the log, as any server."""
        sys.stderr.write(f"{format % args}\n")
        sys.stderr.flush()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self._trouble()
        if trouble is not None and self.command == "POST":
            self._refuse(trouble)
            return
        headers = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
        answer = self._pool.request(
            self.command, self._upstream + self.path, body=body or None, headers=headers, redirect=False
        )
        kept = [(key, value) for key, value in answer.headers.items() if key.lower() not in _OWN_HEADERS]
        self._answer(answer.status, kept, answer.data)

    def _trouble(self) -> Trouble | None:
        found = read_json(_file(self._site))
        trouble = msgspec.convert(found, Trouble) if found else None
        return trouble if trouble and self.path.startswith(trouble.path) else None

    def _refuse(self, trouble: Trouble) -> None:
        nonce = self._pool.request("HEAD", self._upstream + _NONCE).headers.get("Replay-Nonce", "")
        problem = {
            "type": f"urn:ietf:params:acme:error:{trouble.kind}",
            "detail": trouble.detail,
            "status": trouble.status,
        }
        headers = [("Content-Type", "application/problem+json"), ("Replay-Nonce", nonce)]
        if trouble.retry_after:
            headers.append(("Retry-After", str(trouble.retry_after)))
        self._answer(trouble.status, headers, msgspec.json.encode(problem))

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        """Pass it on."""
        self._pass_on()

    def do_HEAD(self) -> None:
        """Pass it on."""
        self._pass_on()

    def do_POST(self) -> None:
        """Pass it on, or answer as a CA in trouble."""
        self._pass_on()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main() -> None:
    """Serve until ended by a signal."""
    site = Site(sys.argv[1])
    pki = folder(site)
    pool = urllib3.PoolManager(ca_certs=str(pki / "ca.crt"), retries=False, timeout=30.0)
    server = _Server((host(site, "acme"), PORTS["acme"]), partial(_Handler, site, pool))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "acme.crt", pki / "acme.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
