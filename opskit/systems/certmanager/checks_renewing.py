"""Certificates that are issued, and whose renewal is late, needless, or fought over."""

from datetime import timedelta

from opskit.core.durations import seconds
from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.systems.certmanager import chain
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import finding, renew, state, urgency
from opskit.systems.certmanager.kinds import Certificate, holds

LATE = timedelta(minutes=15)
LOOP_SHARE = 0.05
"""A renewal within so small a part of the lifetime is no renewal but a loop."""
LOOP_REVISIONS = 5


def overdue(facts: Facts) -> list[Finding]:
    """The time to renew has passed, and nothing is under way."""
    found: list[Finding] = []
    for each in known(facts.certificates, []):
        due = each.status.renewal_time
        idle = not holds(each.status.conditions, "Issuing") and not each.status.failed_issuance_attempts
        if due is None or not idle or facts.now - due < LATE or chain.broken(each, facts) is not None:
            continue
        summary = (
            f"Certificate {each.subject} was due for renewal at {due:%Y-%m-%d %H:%M} UTC, and "
            f"nothing is under way; {state(each, facts.now)}."
        )
        found.append(
            finding(
                "RENEWAL_OVERDUE",
                urgency(each, facts.now),
                f"Certificate {each.subject}",
                summary,
                evidence=[_shown(each, f"status.renewalTime {due:%Y-%m-%dT%H:%M:%SZ}, no condition Issuing")],
                cause="The controller does not work this certificate: it is down, hangs, or has no leader "
                "lease.",
                remedy=renew(each, "Look at the controller first; then ask for a renewal."),
            )
        )
    return found


def loop(facts: Facts) -> list[Finding]:
    """Certificates that are renewed as soon as they are issued."""
    return [
        _looping(each, why) for each in known(facts.certificates, []) if (why := _why_looping(each, facts))
    ]


def _why_looping(each: Certificate, facts: Facts) -> str:
    status = each.status
    if not (status.not_after and status.not_before):
        return ""
    life = status.not_after - status.not_before
    before = seconds(each.spec.renew_before)
    if status.renewal_time and status.renewal_time - status.not_before <= life * LOOP_SHARE:
        return (
            f"it is renewed {status.renewal_time - status.not_before} after it is issued, of a lifetime "
            f"of {life}"
        )
    if before >= life.total_seconds() > 0:
        return (
            f"renewBefore ({each.spec.renew_before}) is no less than the lifetime that the issuer gives "
            f"({life})"
        )
    made = each.metadata.creation_timestamp
    if (
        made
        and status.revision >= LOOP_REVISIONS
        and (facts.now - made) / status.revision < life * LOOP_SHARE
    ):
        return (
            f"it had {status.revision} revisions in {_whole(facts.now - made)}, of a lifetime of {life} each"
        )
    return ""


def _looping(each: Certificate, why: str) -> Finding:
    return finding(
        "RENEWAL_LOOP",
        Severity.WARNING,
        f"Certificate {each.subject}",
        f"Certificate {each.subject} is renewed over and over: {why}.",
        evidence=[_shown(each, f"revision {each.status.revision}; {why}")],
        cause="renewBefore and the lifetime do not fit. A CA may give less than `duration` asks for; every "
        "loop costs "
        "rate limit and restarts what reloads certificates.",
        remedy=Remedy(
            text="Set spec.renewBefore to a third of the lifetime that the CA really gives, or leave it out."
        ),
    )


def same_secret(facts: Facts) -> list[Finding]:
    """Two Certificates that write one Secret: each undoes the other."""
    users: dict[tuple[str, str], list[Certificate]] = {}
    for each in known(facts.certificates, []):
        users.setdefault((each.namespace or "", each.spec.secret_name), []).append(each)
    return [
        finding(
            "SECRET_SHARED",
            Severity.ERROR,
            f"Secret {namespace}/{secret}",
            f"{len(several)} Certificates write the Secret {namespace}/{secret}: "
            f"{', '.join(e.name for e in several)}.",
            evidence=[_shown(several[0], f"spec.secretName {secret}, as of {several[1].name}")],
            cause="Each finds the other's certificate in the Secret and has it issued anew, for ever.",
            remedy=Remedy(
                text="Give each Certificate a Secret of its own; an Ingress annotation may have made the "
                "second."
            ),
        )
        for (namespace, secret), several in users.items()
        if secret and len(several) > 1
    ]


def _whole(span: timedelta) -> str:
    return str(timedelta(seconds=int(span.total_seconds())))


def _shown(each: Certificate, text: str) -> Evidence:
    return Evidence(text=text, command=f"kubectl -n {each.namespace} get certificate {each.name} -o yaml")
