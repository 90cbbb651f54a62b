"""How findings about Vault are worded."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.systems.vault.facts import Facts

Check = Callable[[Facts], list[Finding]]

DOCS = "https://openbao.org/docs"
_PAGES = {
    "SEALED": "/concepts/seal/",
    "NOT_INITIALIZED": "/commands/operator/init/",
    "NO_LEADER": "/concepts/ha/",
    "RAFT": "/concepts/integrated-storage/",
    "AUDIT": "/audit/",
    "LEASES": "/concepts/lease/",
    "TOKEN": "/concepts/tokens/",
    "TOKENS": "/concepts/tokens/",
    "ROOT": "/concepts/tokens/#root-tokens",
    "POLICY": "/concepts/policies/",
    "PKI": "/secrets/pki/",
    "TRANSIT": "/secrets/transit/",
    "KUBERNETES": "/auth/kubernetes/",
}


def finding(
    code: str,
    severity: Severity,
    subject: str,
    summary: str,
    *,
    evidence: Iterable[Evidence] = (),
    cause: str = "",
    then: str = "",
    remedy: Remedy | None = None,
) -> Finding:
    """A finding of this system; `then` is a remedy without a runbook."""
    page = _PAGES.get(code) or _PAGES.get(code.partition("_")[0], "/what-is-openbao/")
    return Finding(
        code=f"vault/{code}",
        severity=severity,
        subject=subject,
        summary=summary,
        evidence=tuple(evidence),
        cause=cause,
        remedy=remedy or Remedy(text=then),
        source=DOCS + page,
    )


def age(since: datetime, now: datetime) -> str:
    """`3 h`, `12 days`."""
    span = now - since
    return f"{span.days} days" if span >= timedelta(days=2) else f"{span.total_seconds() / 3600:.0f} h"
