"""Certificates and bootstrap tokens: what ends soon, what was renewed and not loaded, what never ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.kubeadm.answers import Certificate
from opskit.systems.kubeadm.facts import Facts
from opskit.systems.kubeadm.judging import finding

WARN = timedelta(days=30)
URGENT = timedelta(days=7)
TOKEN_LIFE = timedelta(days=2)
"""Twice kubeadm's default: longer is a door that somebody left ajar."""
CA_WARN = timedelta(days=365)
"""Replacing a CA is a project, not an evening."""
_SLACK = timedelta(minutes=5)
_PAGE = "tasks/administer-cluster/kubeadm/kubeadm-certs/"


def certificate_expiry(facts: Facts) -> Iterator[Finding]:
    """Certificates that have ended or soon will, one finding for each node."""
    for node, report in facts.certificates.items():
        if isinstance(report, Unread):
            continue
        ending = _ending(report.certificates, facts.now, WARN)
        if ending:
            yield _expiring(node, ending, facts.now)
        authorities = _ending(report.certificate_authorities, facts.now, CA_WARN)
        if authorities:
            yield _authority(node, authorities, facts.now)


def _ending(certificates: list[Certificate], now: datetime, within: timedelta) -> list[Certificate]:
    found = [each for each in certificates if each.expiration_date and each.expiration_date - now < within]
    return sorted(found, key=lambda each: each.expiration_date or now)


def left(end: datetime, now: datetime) -> str:
    """`in 12 days`, `3 hours ago`."""
    gap = end - now
    size = abs(gap)
    amount = f"{size.days} days" if size.days > 1 else f"{round(size.total_seconds() / 3600)} hours"
    return f"in {amount}" if gap > timedelta(0) else f"{amount} ago"


def _expiring(node: str, ending: list[Certificate], now: datetime) -> Finding:
    first = ending[0].expiration_date or now
    over = [each for each in ending if each.expiration_date and each.expiration_date <= now]
    severity = Severity.CRITICAL if over else Severity.ERROR if first - now < URGENT else Severity.WARNING
    names = some(each.name for each in (over or ending))
    external = [each.name for each in ending if each.externally_managed]
    return finding(
        "CERTIFICATE_EXPIRED" if over else "CERTIFICATE_EXPIRES",
        severity,
        f"certificates on {node}",
        f"On {node} {names} {'ended' if over else 'end'}, the first {left(first, now)}.",
        evidence=[
            Evidence(
                text="; ".join(
                    f"{each.name} ends {each.expiration_date:%Y-%m-%d %H:%M} UTC" for each in ending[:8]
                ),
                command="kubeadm certs check-expiration",
            )
        ],
        cause="kubeadm's certificates live a year and are renewed by each `kubeadm upgrade`; none "
        "came for so long."
        + (f" {some(external)} belong to a CA that kubeadm has no key of." if external else ""),
        remedy=Remedy(
            text=f"On {node}: `kubeadm certs renew all`, then move each manifest out of "
            "/etc/kubernetes/manifests and back, "
            "so that the static pods load them; copy the new admin.conf. One control-plane node at a time."
        ),
        source=_PAGE,
    )


def _authority(node: str, ending: list[Certificate], now: datetime) -> Finding:
    first = ending[0].expiration_date or now
    return finding(
        "AUTHORITY_EXPIRES",
        Severity.CRITICAL
        if first - now < URGENT
        else Severity.ERROR
        if first - now < WARN
        else Severity.WARNING,
        f"authorities on {node}",
        f"The CA {some(each.name for each in ending)} on {node} ends {left(first, now)}.",
        evidence=[
            Evidence(
                text="; ".join(f"{each.name} ends {each.expiration_date:%Y-%m-%d}" for each in ending),
                command="kubeadm certs check-expiration",
            )
        ],
        cause="kubeadm makes its CAs for ten years and never renews them.",
        remedy=Remedy(text="Plan the replacement of the CA: every node and every kubeconfig is touched."),
        source="tasks/tls/manual-rotation-of-ca-certificates/",
    )


def certificate_not_loaded(facts: Facts) -> Iterator[Finding]:
    """API servers that still show the certificate that was there before the renewal."""
    for node, shown in facts.served.items():
        report = facts.certificates.get(node)
        if isinstance(shown, Unread) or report is None or isinstance(report, Unread):
            continue
        file = next((each.expiration_date for each in report.certificates if each.name == "apiserver"), None)
        if file is not None and shown < file - _SLACK:
            yield finding(
                "CERTIFICATE_NOT_LOADED",
                Severity.CRITICAL if shown - facts.now < URGENT else Severity.WARNING,
                f"kube-apiserver on {node}",
                f"{node}'s API server shows a certificate that ends {left(shown, facts.now)}; the "
                "renewed one lies unused on its disk.",
                evidence=[
                    Evidence(
                        text=f"shown until {shown:%Y-%m-%d %H:%M}, on disk until {file:%Y-%m-%d %H:%M} UTC",
                        command=f"openssl s_client -connect {node}:6443 </dev/null | openssl x509 "
                        "-noout -enddate",
                    )
                ],
                cause="Certificates were renewed, and the static pods were not restarted.",
                remedy=Remedy(
                    text=f"On {node}: move kube-apiserver.yaml out of /etc/kubernetes/manifests, wait "
                    "until the pod is gone, move it back."
                ),
                source=_PAGE,
            )


def bootstrap_token(facts: Facts) -> Iterator[Finding]:
    """Bootstrap tokens that never end, or not for long: each lets a machine join."""
    for token in known(facts.tokens, []):
        far = token.expires is None or token.expires - facts.now > TOKEN_LIFE
        if far:
            end = "never ends" if token.expires is None else f"ends {left(token.expires, facts.now)}"
            yield finding(
                "TOKEN_LIVES_LONG",
                Severity.WARNING,
                f"bootstrap token {token.id}",
                f"The bootstrap token {token.id} {end}: whoever has it can join a node.",
                evidence=[Evidence(text=f"{token.id} {end}", command="kubeadm token list")],
                cause="It was made with `--ttl 0` or a long one.",
                remedy=Remedy(
                    text=f"`kubeadm token delete {token.id}`; make one of an hour when a node is to join."
                ),
                source="reference/setup-tools/kubeadm/kubeadm-token/",
            )
