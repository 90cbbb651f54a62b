"""Certificates that are not issued or renewed: one finding for each cause, whatever hangs on it."""

from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.certmanager import chain
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import finding, renew, state, urgency
from opskit.systems.certmanager.kinds import Certificate, condition, holds

BACK_OFF = timedelta(hours=1)
LONGEST_BACK_OFF = timedelta(hours=32)


def not_issued(facts: Facts) -> list[Finding]:
    """Every link that fails, with the certificates that wait for it."""
    groups: dict[tuple[str, str], tuple[chain.Link, list[Certificate]]] = {}
    for certificate in known(facts.certificates, []):
        link = chain.broken(certificate, facts)
        if link is not None:
            groups.setdefault((link.code, link.subject), (link, []))[1].append(certificate)
    for issuer in facts.issuer_of.values():
        if issuer.status.conditions and not holds(issuer.status.conditions, "Ready"):
            link = chain.of_issuer(issuer)
            groups.setdefault((link.code, link.subject), (link, []))
    return [_told(link, waiting, facts) for link, waiting in groups.values()]


def _told(link: chain.Link, waiting: list[Certificate], facts: Facts) -> Finding:
    severity = max((urgency(each, facts.now) for each in waiting), default=Severity.WARNING)
    text = f"{link.next[:1].upper()}{link.next[1:]}."
    said = not waiting or "by itself" in text
    remedy = Remedy(text=text if said else f"{text} cert-manager goes on by itself.")
    resting = [each for each in waiting if not holds(each.status.conditions, "Issuing")]
    if resting:
        remedy = renew(
            resting[0],
            f"{text} It is tried again{_next_try(resting, facts)}; to have it tried at once, ask for a "
            f"renewal.",
        )
    return finding(
        link.code,
        severity,
        link.subject,
        f"{link.summary}.{_hanging(waiting, facts)}",
        evidence=[*link.evidence, *(_of(each, facts) for each in waiting[:5])],
        cause=link.cause,
        remedy=remedy,
    )


def _hanging(waiting: list[Certificate], facts: Facts) -> str:
    if not waiting:
        return ""
    expired = [each.subject for each in waiting if (until := each.status.not_after) and until <= facts.now]
    names = some(each.subject for each in waiting)
    tail = f"; expired: {some(expired)}" if expired else ""
    return f" Waiting for it: {names}{tail}."


def _of(certificate: Certificate, facts: Facts) -> Evidence:
    said = condition(certificate.status.conditions, "Ready")
    why = f"Ready={said.status} {said.reason}" if said else "no condition"
    return Evidence(
        text=f"Certificate {certificate.subject}: {state(certificate, facts.now)}, {why}",
        command=f"cmctl status certificate -n {certificate.namespace} {certificate.name}",
    )


def _next_try(waiting: list[Certificate], facts: Facts) -> str:
    """When the back-off ends: an hour, doubled with each failure, at most 32 hours."""
    ends = [
        each.status.last_failure_time
        + min(LONGEST_BACK_OFF, BACK_OFF * 2 ** min(10, each.status.failed_issuance_attempts - 1))
        for each in waiting
        if each.status.last_failure_time and each.status.failed_issuance_attempts
    ]
    later = [each for each in ends if each > facts.now]
    return f" at {min(later):%Y-%m-%d %H:%M} UTC by its default back-off" if later else ""
