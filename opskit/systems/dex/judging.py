"""How findings about Dex are worded."""

from collections.abc import Callable, Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.systems.dex.facts import Facts

Check = Callable[[Facts], list[Finding]]

DOCS = "https://dexidp.io/docs"
KUBERNETES = "https://kubernetes.io/docs/reference/access-authn-authz/authentication/"


def finding(
    code: str,
    severity: Severity,
    subject: str,
    summary: str,
    *,
    evidence: Iterable[Evidence] = (),
    cause: str = "",
    remedy: str | Remedy = "",
    source: str = f"{DOCS}/kubernetes/",
) -> Finding:
    """A finding of this system."""
    return Finding(
        code=f"dex/{code}",
        severity=severity,
        subject=subject,
        summary=summary,
        evidence=tuple(evidence),
        cause=cause,
        remedy=Remedy(text=remedy) if isinstance(remedy, str) and remedy else remedy or None,
        source=source,
    )


def logs_command(facts: Facts) -> str:
    """What shows Dex's log."""
    return f"kubectl -n {facts.namespace} logs deploy/dex"
