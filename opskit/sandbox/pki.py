"""A certificate authority for one sandbox: EC P-256 keys, valid for a year, kept in private files."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from opskit.sandbox.files import write_private


class Authority:
    """Issues certificates into a folder: `<name>.crt` and `<name>.key`.

    Args:
        folder: where the CA's own `ca.crt` and all that it issues are written.
        name: the CA's common name.

    """

    def __init__(self, folder: Path, *, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(name)
        builder = _builder(self._subject, self._subject, self._key.public_key())
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        self._certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        write_private(folder / "ca.crt", self._certificate.public_bytes(serialization.Encoding.PEM))

    def key_pem(self) -> bytes:
        """The authority's own key, for one that a server signs with."""
        return _pem(self._key)

    def issue(
        self,
        name: str,
        *,
        subject: str,
        groups: Sequence[str] = (),
        hosts: Sequence[str] = (),
        ended: bool = False,
    ) -> None:
        """Issue one certificate, good for server and client use.

        Args:
            name: of the two files.
            subject: the common name; to Kubernetes, the user.
            groups: the organizations; to Kubernetes, the groups.
            hosts: DNS names, IP addresses and URIs.
            ended: whether its time is over since yesterday.

        """
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(
            _name(subject, groups), self._subject, key.public_key(), ended=ended
        ).add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        write_private(self.folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
        write_private(self.folder / f"{name}.key", _pem(key))


def key_pair(folder: Path, name: str) -> None:
    """Write a bare key pair, `<name>.key` and `<name>.pub`."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(folder / f"{name}.key", _pem(key))
    write_private(folder / f"{name}.pub", public)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common: str, organizations: Sequence[str] = ()) -> x509.Name:
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, value) for value in organizations]
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    if "://" in host:
        return x509.UniformResourceIdentifier(host)
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, ended: bool = False
) -> x509.CertificateBuilder:
    now = datetime.now(UTC) - (timedelta(days=366) if ended else timedelta())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365))
    )
