"""Certificates of a node, issued again by their CA for another time: what expires in a year expires now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from opskit.core.errors import Refused
from opskit.sandbox.kubeadm.layout import Node, control_planes

_LIFE = timedelta(days=365)
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----\n"


def reissue(node: Node, path: str, *, hours: float) -> None:
    """Replace the first certificate of a PEM file by one that is the same but for its time.

    What it was is kept beside it, once.

    Args:
        node: whose file.
        path: on the node's disks, as `kubernetes/pki/apiserver.crt`.
        hours: from now until it ends; negative: it ended so long ago.

    """
    file = _file(node, path)
    text = file.read_bytes()
    kept = _kept(file)
    if not kept.exists():
        kept.write_bytes(text)
        kept.chmod(0o600)
    head, _, rest = text.partition(_BEGIN)
    body, _, tail = rest.partition(_END)
    old = x509.load_pem_x509_certificate(_BEGIN + body + _END)
    file.write_bytes(head + _signed(old, _authority(node), hours=hours) + tail)


def give_back(node: Node, path: str) -> None:
    """Put back what `reissue` kept. Nothing happens where nothing was replaced."""
    file = _file(node, path)
    if _kept(file).exists():
        file.write_bytes(_kept(file).read_bytes())
        _kept(file).unlink()


def _signed(old: x509.Certificate, pki: Path, *, hours: float) -> bytes:
    end = datetime.now(UTC) + timedelta(hours=hours)
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - _LIFE)
        .not_valid_after(end)
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(_key(pki), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _key(pki: Path) -> rsa.RSAPrivateKey:
    """Kubeadm's CA has an RSA key unless told otherwise, and here nobody tells it."""
    key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Refused("The CA's key is no RSA key.", where=str(pki / "ca.key"), hint="make the cluster anew.")
    return key


def _authority(node: Node) -> Path:
    """The cluster's CA lies on control planes alone."""
    return control_planes(node.site)[0].folder / "kubernetes" / "pki"


def _file(node: Node, path: str) -> Path:
    """The file itself: links on a node name its own paths, which lead elsewhere here."""
    file = node.folder / path
    return file.parent / file.readlink().name if file.is_symlink() else file


def _kept(file: Path) -> Path:
    return file.with_name(f"{file.name}.before")
