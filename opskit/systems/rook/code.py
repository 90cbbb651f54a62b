"""A health code of Ceph: what it means, how grave it is here, and what to do first.

Codes follow https://docs.ceph.com/en/latest/rados/operations/health-checks/ and
https://docs.ceph.com/en/latest/cephfs/health-messages/, Pacific to Tentacle.
"""

from opskit.core.findings import Data, Severity

DOCS = "https://docs.ceph.com/en/latest"
HEALTH_CHECKS = f"{DOCS}/rados/operations/health-checks/"
CEPHFS_MESSAGES = f"{DOCS}/cephfs/health-messages/"
ROOK_TROUBLE = "https://rook.io/docs/rook/latest/Troubleshooting/ceph-common-issues/"


class Code(Data, frozen=True):
    """One code."""

    code: str
    severity: Severity
    meaning: str
    """What it says about the cluster."""
    next: str
    """The first thing to do."""
    url: str
    area: str = ""


def section(code: str) -> str:
    """The code's section of Ceph's page of health checks."""
    return f"{HEALTH_CHECKS}#{code.lower().replace('_', '-')}"


def documented(area: str, *rows: tuple[str, Severity, str, str], url: str | None = None) -> tuple[Code, ...]:
    """Codes of one area, each with its section of Ceph's page unless another page is given."""
    return tuple(
        Code(code=code, severity=severity, meaning=meaning, next=step, url=url or section(code), area=area)
        for code, severity, meaning, step in rows
    )
