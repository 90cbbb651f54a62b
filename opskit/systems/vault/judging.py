"""How findings about Vault are worded."""

from collections.abc import Callable
from datetime import datetime, timedelta

from opskit.core.findings import Finding
from opskit.core.judging import Judge
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


finding = Judge("vault", DOCS, pages=_PAGES, page="/what-is-openbao/")


def age(since: datetime, now: datetime) -> str:
    """`20 min`, `3 h`, `12 days`."""
    span = now - since
    if span < timedelta(hours=1):
        return f"{max(1, round(span.total_seconds() / 60))} min"
    return f"{span.days} days" if span >= timedelta(days=2) else f"{span.total_seconds() / 3600:.0f} h"
