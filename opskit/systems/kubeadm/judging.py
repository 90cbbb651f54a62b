"""How a finding about a kubeadm cluster is worded."""

from collections.abc import Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity

DOCS = "https://kubernetes.io/docs/"
HEALTH = "kubeadm/health"


def finding(
    code: str,
    severity: Severity,
    subject: str,
    summary: str,
    *,
    evidence: Iterable[Evidence] = (),
    cause: str,
    remedy: Remedy,
    page: str,
) -> Finding:
    """A finding of this system; `page` is a path below the Kubernetes documentation."""
    return Finding(
        code=f"kubeadm/{code}",
        severity=severity,
        subject=subject,
        summary=summary,
        evidence=tuple(evidence),
        cause=cause,
        remedy=remedy,
        source=DOCS + page,
    )
