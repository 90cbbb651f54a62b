"""A real conversion webhook, for gadgets: `python -m opskit.sandbox.platform_standin.webhook NAME`.

Follows
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from opskit.sandbox.site import Site

PORT = "gadget-webhook"
PKI = "webhook-pki"


class Review(msgspec.Struct):
    """What the API server asks, as far as it matters."""

    uid: str
    desired_api_version: str = msgspec.field(name="desiredAPIVersion")
    objects: list[dict[str, Any]]


class _Asked(msgspec.Struct):
    request: Review


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Convert: the versions differ in their name only."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        review = msgspec.json.decode(body, type=_Asked).request
        converted = [{**each, "apiVersion": review.desired_api_version} for each in review.objects]
        answer = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "ConversionReview",
            "response": {"uid": review.uid, "result": {"status": "Success"}, "convertedObjects": converted},
        }
        sent = msgspec.json.encode(answer)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the API server's log tells of every call that matters."""


def main() -> None:
    """Serve until ended by a signal."""
    site = Site(sys.argv[1])
    pki = site.folder(PKI)
    server = ThreadingHTTPServer(("127.0.0.1", site.port(PORT)), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "webhook.crt", pki / "webhook.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
