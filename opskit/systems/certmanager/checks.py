"""Judge cert-manager: causes first, each with everything that hangs on it."""

import msgspec

from opskit.core.findings import Evidence, Finding, Remedy, Severity, by_severity
from opskit.core.parts import known
from opskit.systems.certmanager import (
    chain,
    checks_budget,
    checks_gateways,
    checks_issuing,
    checks_renewing,
    checks_serving,
)
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import Check, finding
from opskit.systems.certmanager.kinds import holds

_HARM = {
    "controller": (Severity.CRITICAL, "nothing is issued or renewed"),
    "webhook": (Severity.ERROR, "no cert-manager object can be created or changed"),
    "cainjector": (Severity.WARNING, "webhooks' CA bundles are no longer written"),
}


def component_down(facts: Facts) -> list[Finding]:
    """cert-manager's own deployments without a ready pod."""
    found: list[Finding] = []
    for each in known(facts.deployments, []):
        part = each.labels.get("app.kubernetes.io/component", "")
        severity, harm = _HARM.get(part, (Severity.WARNING, ""))
        if part not in _HARM or each.status.ready_replicas:
            continue
        wanted = each.spec.replicas
        summary = f"cert-manager's {part} has no ready pod of {wanted}: {harm}."
        found.append(
            finding(
                f"{part.upper()}_DOWN",
                severity,
                f"Deployment {each.namespace}/{each.name}",
                summary,
                evidence=[Evidence(text=summary, command=f"kubectl -n {each.namespace} get pods,events")],
                cause="The deployment is scaled to 0." if wanted == 0 else "Its pods do not become ready.",
                remedy=Remedy(
                    text=f"kubectl -n {each.namespace} scale deployment {each.name} --replicas=1"
                    if wanted == 0
                    else f"kubectl -n {each.namespace} describe deployment {each.name}"
                ),
            )
        )
    return found


def failing_renewal_expired(facts: Facts) -> list[Finding]:
    """Certificates that have expired and of which no cause is known."""
    found: list[Finding] = []
    for each in known(facts.certificates, []):
        until = each.status.not_after
        if until is None or until > facts.now or chain.broken(each, facts) is not None:
            continue
        underway = holds(each.status.conditions, "Issuing")
        found.append(
            finding(
                "CERTIFICATE_EXPIRED",
                Severity.CRITICAL,
                f"Certificate {each.subject}",
                f"Certificate {each.subject} expired {until:%Y-%m-%d %H:%M} UTC"
                f"{'; a renewal is under way' if underway else ''}.",
                evidence=[
                    Evidence(
                        text=f"status.notAfter {until:%Y-%m-%dT%H:%M:%SZ}",
                        command=f"cmctl status certificate -n {each.namespace} {each.name}",
                    )
                ],
                cause="Its renewal is under way."
                if underway
                else "No link of its chain says why it was not renewed.",
                remedy=Remedy(
                    text="Ask for a renewal, and watch it.",
                    runbook="certmanager/renew-certificate",
                    parameters={"namespace": each.namespace or "", "certificate": each.name},
                ),
            )
        )
    return found


CHECKS: tuple[Check, ...] = (
    component_down,
    checks_issuing.not_issued,
    failing_renewal_expired,
    checks_renewing.overdue,
    checks_renewing.same_secret,
    checks_renewing.loop,
    checks_serving.served_other,
    checks_serving.ingress_uncovered,
    checks_gateways.gateway_uncovered,
    checks_budget.budget_low,
)


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    found = [each for judge in CHECKS for each in judge(facts)]
    return by_severity(_raised(found))


def _raised(found: list[Finding]) -> list[Finding]:
    """A controller that is down is the cause of all that nobody works at."""
    down = next((each for each in found if each.code == "certmanager/CONTROLLER_DOWN"), None)
    told = {"certmanager/CONTROLLER_SILENT", "certmanager/RENEWAL_OVERDUE", "certmanager/ISSUANCE_STUCK"}
    if down is None:
        return found
    return [
        msgspec.structs.replace(each, cause=f"Follows from CONTROLLER_DOWN ({down.subject}).")
        if each.code in told
        else each
        for each in found
    ]
