"""A finding is a judged fact: what is wrong with what, how we know, why, and what to do."""

from collections.abc import Iterable
from enum import Enum
from functools import total_ordering
from typing import Any

import msgspec


@total_ordering
class Severity(Enum):
    """How bad it is, from `info` (good to know) to `critical` (data or service at stake now)."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info … 3 for critical."""
        return list(Severity).index(self)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Severity) else NotImplemented


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of what opskit saves: snake_case on disk."""


class Evidence(Data, frozen=True):
    """A statement that a person can verify."""

    text: str
    command: str = ""
    """The system's own command that shows the same, e.g. `ceph osd tree`."""


class Remedy(Data, frozen=True):
    """What to do next."""

    text: str
    runbook: str | None = None
    """Name of the runbook that goes on from here, e.g. `rook/osd-down`."""
    parameters: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The runbook's parameters, filled in."""


class Finding(Data, frozen=True):
    """One judged fact."""

    code: str
    """Stable: `<system>/<UPPER_SNAKE>`, e.g. `rook/OSD_DOWN`."""
    severity: Severity
    subject: str
    """What it is about, in the system's own terms, e.g. `osd.3 on node-b`."""
    summary: str
    """One sentence."""
    evidence: tuple[Evidence, ...] = ()
    cause: str = ""
    """The likely cause, or why none could be told."""
    remedy: Remedy | None = None
    source: str = ""
    """URL of the upstream document."""


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first; equal severities keep their order, in which causes stand before symptoms."""
    return sorted(findings, key=lambda finding: -finding.severity.rank)


def at_or_above(findings: Iterable[Finding], threshold: Severity) -> list[Finding]:
    """The findings of at least this severity."""
    return [finding for finding in findings if finding.severity >= threshold]
