"""What clients get to see: endpoints, Ingresses and Gateways against the certificates that are kept."""

from fnmatch import fnmatchcase

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.certmanager.facts import Facts, Served
from opskit.systems.certmanager.judging import finding
from opskit.systems.certmanager.kinds import Certificate, Ingress

ISSUED_BY = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme")


def served_other(facts: Facts) -> list[Finding]:
    """An endpoint that shows another certificate than the one that was issued."""
    by_name = {(each.namespace, each.name): each for each in known(facts.certificates, [])}
    found: list[Finding] = []
    for served in facts.served.values():
        if isinstance(served, Unread):
            continue
        certificate = by_name.get((served.endpoint.namespace, served.endpoint.certificate))
        issued = facts.issued(certificate) if certificate else None
        if certificate and issued and issued.serial != served.shown.serial:
            found.append(_other(certificate, served, issued.serial, facts))
        elif served.shown.not_after <= facts.now:
            found.append(_expired(served))
    return found


def _other(certificate: Certificate, served: Served, serial: str, facts: Facts) -> Finding:
    shown, place = served.shown, served.endpoint
    gone = shown.not_after <= facts.now
    summary = (
        f"{place.address} shows another certificate for {place.name} than {certificate.subject} holds: "
        f"serial {shown.serial}, {'expired' if gone else 'valid until'} {shown.not_after:%Y-%m-%d %H:%M} UTC."
    )
    older = shown.not_after < (certificate.status.not_after or shown.not_after)
    return finding(
        "SERVED_OTHER",
        Severity.CRITICAL if gone else Severity.ERROR if older else Severity.WARNING,
        f"{place.name} at {place.address}",
        summary,
        evidence=[
            Evidence(text=f"shown: serial {shown.serial}, by {shown.issuer}", command=_openssl(served)),
            Evidence(
                text=f"issued: serial {serial}, revision {certificate.status.revision}",
                command=f"cmctl status certificate -n {certificate.namespace} {certificate.name}",
            ),
        ],
        cause="What ends TLS there has not loaded the renewed Secret, or serves another Secret."
        if older
        else "What ends TLS there serves another Secret, or its default certificate.",
        remedy=Remedy(
            text="Have that server load the Secret again (restart it, if it does not watch its files), and "
            "look at "
            "which Secret it mounts or which Ingress wins for this host."
        ),
    )


def _expired(served: Served) -> Finding:
    place = served.endpoint
    return finding(
        "SERVED_EXPIRED",
        Severity.CRITICAL,
        f"{place.name} at {place.address}",
        f"{place.address} shows a certificate for {place.name} that expired "
        f"{served.shown.not_after:%Y-%m-%d %H:%M} UTC.",
        evidence=[Evidence(text=f"serial {served.shown.serial}", command=_openssl(served))],
        cause="Clients that check certificates refuse it.",
        remedy=Remedy(text="Have the certificate issued; see the findings about it."),
    )


def _openssl(served: Served) -> str:
    place = served.endpoint
    return (
        f"openssl s_client -connect {place.address} -servername {place.name} </dev/null | openssl x509 "
        f"-noout "
        "-serial -enddate"
    )


def ingress_uncovered(facts: Facts) -> list[Finding]:
    """Ingresses that ask cert-manager for a certificate, and have hosts without one."""
    kept = {(each.namespace, each.spec.secret_name): each for each in known(facts.certificates, [])}
    found: list[Finding] = []
    for ingress in known(facts.ingresses, []):
        if not any(name in ingress.annotations for name in ISSUED_BY):
            continue
        covered = [name for tls in ingress.spec.tls or [] for name in _names(tls.secret_name, ingress, kept)]
        asked = {rule.host for rule in ingress.spec.rules or [] if rule.host}
        asked |= {host for tls in ingress.spec.tls or [] for host in tls.hosts or []}
        bare = sorted(host for host in asked if not any(covers(name, host) for name in covered))
        if bare:
            found.append(_uncovered(ingress, bare))
    return found


def _names(secret: str, ingress: Ingress, kept: dict[tuple[str | None, str], Certificate]) -> list[str]:
    certificate = kept.get((ingress.namespace, secret))
    return certificate.spec.dns_names or [] if certificate else []


def covers(name: str, host: str) -> bool:
    """Whether a certificate's name, perhaps with a wildcard, is good for a host."""
    return name == host or (
        name.startswith("*.") and fnmatchcase(host, name) and host.count(".") == name.count(".")
    )


def _uncovered(ingress: Ingress, bare: list[str]) -> Finding:
    place = f"{ingress.namespace}/{ingress.name}"
    tls = bool(ingress.spec.tls)
    return finding(
        "INGRESS_UNCOVERED",
        Severity.WARNING,
        f"Ingress {place}",
        f"Ingress {place} asks cert-manager for a certificate, and none covers {some(bare)}.",
        evidence=[
            Evidence(
                text=f"hosts without certificate: {', '.join(bare)}; "
                f"spec.tls {'does not name them with a secretName' if tls else 'is empty'}",
                command=f"kubectl -n {ingress.namespace} get ingress {ingress.name} -o yaml",
            )
        ],
        cause="cert-manager makes a Certificate for the hosts of spec.tls only; hosts of rules alone get "
        "none."
        if not tls
        else "No Certificate of these names writes the Secret that spec.tls names.",
        remedy=Remedy(
            text="Name each host in spec.tls with a secretName, or mend the Certificate's dnsNames."
        ),
    )
