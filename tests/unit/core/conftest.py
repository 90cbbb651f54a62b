"""A real HTTPS server in a thread that answers like an API server, or fails as told."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opskit.core.cluster import Cluster
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials

UID = "0b7c3f5e-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer, and how to fail."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Close after so many bytes of the body."""
    reset: bool = False
    """Reset the connection instead of answering."""
    hang: bool = False
    """Never answer."""
    drip: bool = False
    """Send the body byte by byte, for ever."""

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def status(code: int, reason: str, message: str, **details: str) -> Reply:
    """The API server's Status object."""
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return Reply(body | {"code": code}, status=code, headers={"Content-Type": "application/json"})


class FaultyServer:
    """An API server's double for faults of the transport only."""

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca.pem"
        self.requests: list[Asked] = []
        self.reply: Callable[[Asked], Reply | None] = lambda asked: None
        """None: the usual answer."""
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.socket = _tls(folder).wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._http.server_port}"

    def answer(self, asked: Asked) -> Reply:
        return self.reply(asked) or _usual(asked)

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _usual(asked: Asked) -> Reply:
    match asked.path:
        case "/version":
            return Reply({"gitVersion": "v1.37.2"})
        case "/api/v1/namespaces/kube-system":
            return Reply({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": UID}})
        case _:
            return Reply(b"404 page not found\n", status=404, headers={"Content-Type": "text/plain"})


def _handler(server: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length", "0"))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = Asked(
                self.command,
                parts.path,
                query,
                {n.title(): v for n, v in self.headers.items()},
                self.rfile.read(size),
            )
            server.requests.append(asked)
            self._send(server.answer(asked))

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

        def _send(self, reply: Reply) -> None:
            if reply.hang:
                server.released.wait(60)
            if reply.hang or reply.reset:
                self.close_connection = True
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(10**9 if reply.drip else len(reply.content)))
            self.end_headers()
            while reply.drip and not server.released.wait(0.02):
                self.wfile.write(b" ")
            self.wfile.write(reply.content[: reply.cut])
            if reply.cut is not None or reply.drip:
                self.close_connection = True

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                self.connection.close()

    return Handler


def _tls(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FaultyServer]:
    """A server whose `reply` a test sets."""
    server = FaultyServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def kubeconfig(tmp_path: Path, api: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a kubeconfig with the context `test`; `$KUBECONFIG` leads to it."""

    def write(*, user: Mapping[str, Any] | None = None, **cluster: Any) -> Path:
        path = tmp_path / "kubeconfig"
        settings = {"server": api.url, "certificate-authority": str(api.ca)} | cluster
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": settings}],
            "users": [{"name": "u", "user": {"token": "right"} if user is None else dict(user)}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(json.dumps(content))
        monkeypatch.setenv("KUBECONFIG", str(path))
        return path

    return write


@pytest.fixture
def reader(kubeconfig: Callable[..., Path]) -> Iterator[LiveReader]:
    """A live reader of the server."""
    kubeconfig()
    live = LiveReader(ApiServer(credentials("test")), name="test")
    yield live
    live.close()


@pytest.fixture
def cluster(reader: LiveReader) -> Cluster:
    """The cluster behind the reader."""
    return Cluster(reader)


def elapsed(since: float) -> float:
    """Seconds since a moment of the monotonic clock."""
    return time.monotonic() - since
