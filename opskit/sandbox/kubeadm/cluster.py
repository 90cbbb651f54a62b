"""Making a cluster of the nodes with kubeadm, and reaching it from the host."""

import base64
import hashlib
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from opskit.sandbox.binaries import require
from opskit.sandbox.control_plane import api, context_name, kubeconfig
from opskit.sandbox.files import write_json, write_private
from opskit.sandbox.kubeadm import documents, ssh
from opskit.sandbox.kubeadm.joining import joining
from opskit.sandbox.kubeadm.layout import Node, endpoint
from opskit.sandbox.kubeadm.machine import on
from opskit.sandbox.kubeadm.release import Release
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_PATIENCE = 400.0
"""Seconds that one run of kubeadm may take on a busy machine."""


def init(node: Node, release: Release) -> None:
    """Make the first control plane, and let the host in as cluster admin."""
    told = documents.init(node, release.version, joining(node.site))
    _kubeadm(node, "init", told, "--upload-certs")
    adopt(node)
    _publish_pod_cidr(node)


def join(node: Node) -> None:
    """Make a node join, as its kind."""
    told = documents.join(node, joining(node.site), _ca_hash(node.site))
    _kubeadm(node, "join", told)
    _publish_pod_cidr(node)


def adopt(node: Node) -> None:
    """Take over a control plane's admin.conf, for kubectl, opskit and the sandbox itself."""
    site = node.site
    view = ("config", "view", "--raw", "--output", "json")
    admin = node.folder / "kubernetes" / "admin.conf"
    conf = msgspec.json.decode(run([require("kubectl"), *view, f"--kubeconfig={admin}"], deadline=20.0))
    user, cluster = conf["users"][0]["user"], conf["clusters"][0]["cluster"]
    for name, data in (
        ("ca.crt", cluster["certificate-authority-data"]),
        ("admin.crt", user["client-certificate-data"]),
        ("admin.key", user["client-key-data"]),
    ):
        write_private(site.folder("pki") / name, base64.b64decode(data))
    site.write_record(server=f"https://{endpoint(site)}")
    write_json(site.state / "kubeconfig", kubeconfig(site, "admin"))
    ssh.write_opskit_toml(site)


def kubectl(site: Site, *arguments: str, deadline: float = 60.0, text: str | None = None) -> str:
    """Run `kubectl` as cluster admin from the host; its standard output.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.

    """
    where = (f"--kubeconfig={site.state}/kubeconfig", f"--context={context_name(site)}")
    return run([require("kubectl"), *where, *arguments], deadline=deadline, text=text)


def _kubeadm(node: Node, verb: str, told: list[documents.Document], *flags: str) -> None:
    text = "\n---\n".join(msgspec.json.format(msgspec.json.encode(each)).decode() for each in told)
    path = write_private(node.folder / f"kubeadm-{verb}.yaml", text)
    said = on(node, "kubeadm", verb, "--config", str(path), *flags, deadline=_PATIENCE)
    write_private(node.site.processes.log(f"kubeadm-{verb}.{node.name}"), said)


def _publish_pod_cidr(node: Node) -> None:
    """Tell the API server which addresses the node hands out."""
    path, client = f"/api/v1/nodes/{node.name}", api(node.site)
    spec: dict[str, Any] = {"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]}
    wait_until(
        lambda: bool(client.patch(path, {"spec": spec})),
        what=f"{node.name} has registered",
        deadline=60.0,
    )


def _ca_hash(site: Site) -> str:
    ca = x509.load_pem_x509_certificate((site.folder("pki") / "ca.crt").read_bytes())
    key = ca.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256:{hashlib.sha256(key).hexdigest()}"
