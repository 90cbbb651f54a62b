"""Gateways whose HTTPS listeners have no certificate, or one for another name.

What makes cert-manager issue one for a listener: https://cert-manager.io/docs/usage/gateway/.
"""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.certmanager.checks_serving import ISSUED_BY, covers
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import finding
from opskit.systems.certmanager.kinds import Certificate, Gateway, Listener

Kept = dict[tuple[str | None, str], Certificate]


def gateway_uncovered(facts: Facts) -> list[Finding]:
    """HTTPS listeners whose host no Certificate names; those whose Secrets are made by hand are let be."""
    kept = {(each.namespace, each.spec.secret_name): each for each in known(facts.certificates, [])}
    return [
        _told(gateway, listener, why)
        for gateway in known(facts.gateways, [])
        for listener in gateway.spec.listeners or []
        if (why := _lacks(gateway, listener, kept))
    ]


def _lacks(gateway: Gateway, listener: Listener, kept: Kept) -> tuple[str, str] | None:
    """What the listener lacks, and why; None where nothing is the matter, or nobody asked cert-manager."""
    if listener.protocol not in ("HTTPS", "TLS"):
        return None
    refs = (listener.tls.certificate_refs if listener.tls else None) or []
    behind = [kept.get((ref.namespace or gateway.namespace, ref.name)) for ref in refs]
    names = [name for each in behind if each for name in each.spec.dns_names or []]
    if names and listener.hostname and not any(covers(name, listener.hostname) for name in names):
        said = f"serves {listener.hostname}, and its certificate is for {some(names)}"
        return said, "The Certificate's dnsNames lack the listener's host name: clients refuse it."
    if names or not any(name in gateway.annotations for name in ISSUED_BY):
        return None
    return f"asks cert-manager for a certificate for {listener.hostname or 'any host'}, and has none", _why(
        listener, refs=bool(refs)
    )


def _why(listener: Listener, *, refs: bool) -> str:
    if not listener.hostname:
        return "cert-manager passes over a listener without hostname."
    if listener.tls is None or listener.tls.mode != "Terminate":
        return "cert-manager passes over a listener that does not end TLS (tls.mode Terminate)."
    if not refs:
        return "cert-manager passes over a listener without tls.certificateRefs."
    return (
        "The controller does not look at Gateways: its setting enableGatewayAPI is off, or it was started "
        "before the CRDs of the Gateway API were there."
    )


def _told(gateway: Gateway, listener: Listener, why: tuple[str, str]) -> Finding:
    said, cause = why
    refs = (listener.tls.certificate_refs if listener.tls else None) or []
    return finding(
        "GATEWAY_UNCOVERED",
        Severity.WARNING,
        f"Gateway {gateway.namespace}/{gateway.name} listener {listener.name}",
        f"Listener {listener.name} {said}.",
        evidence=[
            Evidence(
                text=f"certificateRefs: {', '.join(ref.name for ref in refs) or 'none'}",
                command=f"kubectl -n {gateway.namespace} get gateway {gateway.name} -o yaml",
            )
        ],
        cause=cause,
        remedy=Remedy(text="Mend the listener or the Certificate; restart cert-manager after it was set up."),
        source="https://cert-manager.io/docs/usage/gateway/",
    )
