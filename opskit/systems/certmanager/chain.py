"""From a certificate to the first link that fails: CertificateRequest, Order, Challenge, or the issuer.

Follows https://cert-manager.io/docs/troubleshooting/. Pure.
"""

from datetime import timedelta

from opskit.core.findings import Evidence
from opskit.core.parts import Unread, known
from opskit.systems.certmanager import kinds, words
from opskit.systems.certmanager.chain_acme import of_order
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.kinds import condition, holds
from opskit.systems.certmanager.link import (
    APPROVE_SECONDS,
    SEEN_SECONDS,
    Link,
    kubectl,
    late,
    older,
    short,
    shown,
    told,
)


def broken(certificate: kinds.Certificate, facts: Facts) -> Link | None:
    """Why a certificate is not issued or renewed; None when it is, or is under way."""
    conditions = certificate.status.conditions
    if not conditions:
        return _unseen(certificate, facts)
    underway = holds(conditions, "Issuing")
    if holds(conditions, "Ready") and not underway and not certificate.status.failed_issuance_attempts:
        return None
    request = pending_request(certificate, facts)
    if request is not None:
        return of_request(request, facts)
    return _without_request(certificate, facts)


def pending_request(certificate: kinds.Certificate, facts: Facts) -> kinds.CertificateRequest | None:
    """The request for the next revision."""
    every = facts.requests_of.get((certificate.namespace or "", certificate.name), [])
    newer = [each for each in every if each.revision > certificate.status.revision]
    return newer[-1] if newer else None


def of_request(request: kinds.CertificateRequest, facts: Facts) -> Link | None:
    """Why a request is not granted."""
    conditions, ready = request.status.conditions, condition(request.status.conditions, "Ready")
    for name, code in (("Denied", "REQUEST_DENIED"), ("InvalidRequest", "REQUEST_INVALID")):
        if holds(conditions, name) and (said := condition(conditions, name)):
            return told(code, request, f"{said.reason}: {said.message}", f"is refused: {name}")
    if not holds(conditions, "Approved"):
        return _unapproved(request, facts)
    message = (ready.message if ready else "") or ""
    if message.startswith("Referenced") and "not found" in message:
        return _no_issuer(request, message, facts)
    issuer = issuer_of(request.spec.issuer_ref, request.namespace, facts)
    if issuer is not None and not holds(issuer.status.conditions, "Ready"):
        return of_issuer(issuer)
    orders = facts.owned_orders.get(request.metadata.uid, [])
    if orders:
        return of_order(orders[-1], facts)
    if ready is not None and ready.reason == "Failed":
        return signing_failed(request, message, issuer)
    return late(request, facts, "CertificateRequest", message)


def issuer_of(ref: kinds.IssuerRef, namespace: str | None, facts: Facts) -> kinds.Issuer | None:
    """The issuer that is meant."""
    place = "" if ref.kind == "ClusterIssuer" else namespace or ""
    return facts.issuer_of.get((ref.kind, place, ref.name))


def of_issuer(issuer: kinds.Issuer) -> Link:
    """Why an issuer can't sign."""
    said = condition(issuer.status.conditions, "Ready")
    message = (
        f"{said.reason}: {said.message}" if said else "it has no condition Ready: no controller looked at it"
    )
    found = words.explain(message)
    kind = "issuer" if issuer.namespace else "clusterissuer"
    return Link(
        code="ISSUER_NOT_READY",
        subject=issuer.subject,
        summary=f"{issuer.subject} can't sign: {short(message)}",
        evidence=(Evidence(text=message, command=kubectl("describe", kind, issuer)),),
        cause=found.cause if found else message,
        next=found.next if found else "mend what its condition says; the issuer is tried again by itself",
    )


def signing_failed(request: kinds.CertificateRequest, message: str, issuer: kinds.Issuer | None) -> Link:
    """An issuer that is Ready and refuses to sign."""
    vault = issuer.spec.vault if issuer else None
    found = words.explain(message)
    if vault is not None and (found is None or "permission denied" in message):
        found = words.vault_refused(message, by_token="tokenSecretRef" in vault.auth) or found
    name = issuer.subject if issuer else f"{request.spec.issuer_ref.kind} {request.spec.issuer_ref.name}"
    return Link(
        code="SIGNING_FAILED",
        subject=f"{name} for {request.namespace}/{request.name}",
        summary=f"{name} refuses to sign {request.namespace}/{request.name}: {short(message)}",
        evidence=(shown(message, "certificaterequest", request),),
        cause=found.cause if found else message,
        next=found.next if found else "mend what the message says",
    )


def _unseen(certificate: kinds.Certificate, facts: Facts) -> Link | None:
    if not older(certificate, facts.now, SEEN_SECONDS):
        return None
    return Link(
        code="CONTROLLER_SILENT",
        subject=f"cert-manager in {facts.namespace}",
        summary="Certificates are there that no controller has looked at",
        evidence=(shown("status holds no condition", "certificate", certificate),),
        cause="cert-manager's controller does not run, has lost its leader lease, or may not read this "
        "namespace.",
        next=f"kubectl -n {facts.namespace} get pods; kubectl -n {facts.namespace} logs -l "
        f"{facts.controller}",
    )


def _without_request(certificate: kinds.Certificate, facts: Facts) -> Link | None:
    """Failed requests are deleted by the next try: then only the certificate's own message is left."""
    said = condition(certificate.status.conditions, "Issuing")
    if said is not None and said.status == "False" and certificate.status.failed_issuance_attempts:
        return _from_message(certificate, said.message or "", facts)
    events = [
        each.message
        for each in known(facts.events, [])
        if each.involved_object.kind == "Certificate" and each.involved_object.name == certificate.name
    ]
    started = said.last_transition_time if said else None
    if said is None or said.status != "True" or not started or isinstance(facts.requests, Unread):
        return None
    if facts.now - started < timedelta(seconds=SEEN_SECONDS):
        return None
    message = events[-1] if events else "issuing began, and no CertificateRequest was made"
    return told("REQUEST_NOT_MADE", certificate, message, "is to be issued, and is not asked for")


def _from_message(certificate: kinds.Certificate, message: str, facts: Facts) -> Link:
    issuer = issuer_of(certificate.spec.issuer_ref, certificate.namespace, facts)
    if issuer is not None and not holds(issuer.status.conditions, "Ready"):
        return of_issuer(issuer)
    proof = _proof_said(certificate, facts) if 'in "invalid" state' in message else ""
    message = proof or message
    found = words.explain(message)
    vault = issuer.spec.vault if issuer else None
    if vault is not None and "permission denied" in message:
        found = words.vault_refused(message, by_token="tokenSecretRef" in vault.auth) or found
    code = "CHALLENGE_FAILED" if proof else _code(message)
    link = told(code, certificate, message, "could not be issued")
    cause, then = (found.cause, found.next) if found else (link.cause, link.next)
    return Link(
        code=code, subject=link.subject, summary=link.summary, evidence=link.evidence, cause=cause, next=then
    )


def _code(message: str) -> str:
    codes = {"rateLimited": "RATE_LIMITED", "rejectedIdentifier": "NAME_REJECTED"}
    return next((code for word, code in codes.items() if word in message), "ISSUANCE_FAILED")


def _proof_said(certificate: kinds.Certificate, facts: Facts) -> str:
    """What an event is left to tell of a proof whose Challenge is gone: nothing else holds the CA's words."""
    begin = f"{certificate.name}-{certificate.status.revision + 1}-"
    told_by = [
        each.message
        for each in known(facts.events, [])
        if each.involved_object.kind == "Challenge" and each.involved_object.name.startswith(begin)
    ]
    return told_by[-1] if told_by else ""


def _no_issuer(request: kinds.CertificateRequest, message: str, facts: Facts) -> Link:
    ref = request.spec.issuer_ref
    others = [kind for (kind, _, name) in facts.issuer_of if name == ref.name and kind != ref.kind]
    place = "" if ref.kind == "ClusterIssuer" else f" in namespace {request.namespace}"
    cause = (
        f"issuerRef.kind is {ref.kind} (Issuer when it is left out), and {ref.name} is a {others[0]}."
        if others
        else f"There is no {ref.kind} {ref.name}{place}: its name is mistyped, or it was deleted."
    )
    return Link(
        code="ISSUER_NOT_FOUND",
        subject=f"{ref.kind} {ref.name}{place}",
        summary=f"{ref.kind} {ref.name} does not exist{place}",
        evidence=(shown(message, "certificaterequest", request),),
        cause=cause,
        next=f"set issuerRef.kind to {others[0]}" if others else "create the issuer, or mend issuerRef.name",
    )


def _unapproved(request: kinds.CertificateRequest, facts: Facts) -> Link | None:
    if not older(request, facts.now, APPROVE_SECONDS):
        return None
    return Link(
        code="REQUEST_NOT_APPROVED",
        subject=f"CertificateRequest {request.namespace}/{request.name}",
        summary=f"Nobody has approved or denied CertificateRequest {request.namespace}/{request.name}",
        evidence=(shown("neither Approved nor Denied is set", "certificaterequest", request),),
        cause="cert-manager's own approver is off or may not approve for this issuer, and no other "
        "approver answered. "
        "(The event WaitingForApproval proves nothing: every request gets it.)",
        next=f"look at the approver (approver-policy), or by hand: `cmctl approve -n {request.namespace} "
        f"{request.name}`",
    )
