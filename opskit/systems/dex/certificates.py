"""The certificate that Dex shows, and whether the CA that an API server trusts has signed it. Pure."""

from datetime import datetime
from typing import TYPE_CHECKING

from opskit.core.findings import Data

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class Shown(Data, frozen=True):
    """Dex' own certificate, as far as it is judged."""

    pem: str
    until: datetime
    issuer: str
    """RFC 4514 name of who signed it."""


def read(pem: str) -> Shown | None:
    """The first certificate of a PEM text; None where none can be read."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None
    return Shown(pem=pem, until=found.not_valid_after_utc, issuer=found.issuer.rfc4514_string())


def signed(shown: Shown, authorities: str) -> bool | None:
    """Whether one of these CAs has signed it.

    Args:
        shown: Dex' certificate.
        authorities: PEM bundle.

    Returns:
        None where none of them bears the issuer's name: Dex may send the one between.

    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    leaf = x509.load_pem_x509_certificate(shown.pem.encode())
    named = [each for each in _bundle(authorities) if each.subject == leaf.issuer]
    for each in named:
        try:
            leaf.verify_directly_issued_by(each)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False if named else None


def subjects(authorities: str) -> list[str]:
    """Who is in a PEM bundle."""
    return [each.subject.rfc4514_string() for each in _bundle(authorities)]


def _bundle(pem: str) -> "list[Certificate]":
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
