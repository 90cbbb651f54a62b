"""How findings about cert-manager are worded, and how grave it is that a certificate is not issued."""

from collections.abc import Callable
from datetime import datetime, timedelta

from opskit.core.findings import Finding, Remedy, Severity
from opskit.core.judging import Judge
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.kinds import Certificate

Check = Callable[[Facts], list[Finding]]

DOCS = "https://cert-manager.io/docs"
_PAGES = {
    "ISSUER": "/configuration/",
    "ORDER": "/troubleshooting/acme/",
    "CHALLENGE": "/troubleshooting/acme/",
    "ACME": "/troubleshooting/acme/",
    "NAME": "/troubleshooting/acme/",
    "RATE": "/troubleshooting/acme/",
    "RENEWAL": "/usage/certificate/#issuance-triggers",
    "INGRESS": "/usage/ingress/",
    "WEBHOOK": "/troubleshooting/webhook/",
    "REQUEST": "/usage/certificaterequest/",
}
SOON = timedelta(hours=24)


finding = Judge("certmanager", DOCS, pages=_PAGES, page="/troubleshooting/")


def urgency(certificate: Certificate, now: datetime) -> Severity:
    """How grave it is that this certificate can't be issued or renewed.

    Expired: critical. Never issued, or within a day or a tenth of its life of expiry: error. Else warning.
    """
    until, since = certificate.status.not_after, certificate.status.not_before
    if until is None:
        return Severity.ERROR
    if until <= now:
        return Severity.CRITICAL
    life = until - since if since else timedelta(days=90)
    return Severity.ERROR if until - now < max(min(SOON, life / 3), life / 10) else Severity.WARNING


def state(certificate: Certificate, now: datetime) -> str:
    """`never issued`, `expired …`, or `valid until …`."""
    until = certificate.status.not_after
    if until is None:
        return "never issued"
    return (
        f"expired {until:%Y-%m-%d %H:%M} UTC" if until <= now else f"valid until {until:%Y-%m-%d %H:%M} UTC"
    )


def renew(certificate: Certificate, text: str) -> Remedy:
    """Ask for a renewal of this certificate."""
    return Remedy(
        text=text,
        runbook="certmanager/renew-certificate",
        parameters={"namespace": certificate.namespace or "", "certificate": certificate.name},
    )
