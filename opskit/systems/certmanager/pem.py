"""Certificates as they lie in a CertificateRequest or come over the wire. They are public."""

import base64
from datetime import datetime

from opskit.core.findings import Data


class Shown(Data, frozen=True):
    """What tells two certificates apart, and until when one is valid."""

    serial: str
    """Hexadecimal, as `openssl x509 -serial` prints it."""
    not_before: datetime
    not_after: datetime
    issuer: str
    """RFC 4514 name of who signed it."""


def read(pem: bytes) -> Shown | None:
    """The first certificate of a PEM bundle; None when there is none that can be read."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None
    return Shown(
        serial=f"{found.serial_number:X}",
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        issuer=found.issuer.rfc4514_string(),
    )


def of_request(encoded: str) -> Shown | None:
    """The certificate of `CertificateRequest.status.certificate`, which is PEM in base64."""
    try:
        return read(base64.b64decode(encoded, validate=False)) if encoded else None
    except ValueError:
        return None
