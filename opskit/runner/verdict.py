"""What is true at the end of a run: read from the system again, never told by the absence of an error."""

from datetime import datetime

import msgspec

from opskit.core.findings import Data, Finding


class Goal(Data, frozen=True):
    """One condition that must be true at the end, as it was read."""

    text: str
    ok: bool | None
    """None: it could not be read."""
    state: str


class Verdict(Data, frozen=True):
    """verdict.json."""

    cluster: str
    findings: tuple[Finding, ...]
    sentence: str
    """One sentence for a person."""
    good: bool
    """Whether every goal holds, nothing at warning or above was found, and all that must be read was."""
    changed: bool
    """Whether this run changed anything."""
    goal: tuple[Goal, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""
    lacking: tuple[str, ...] = ()
    """What a sound system may be without, and why it is: no Prometheus, so no forecast."""
    worst: str = ""
    """The worst finding's severity, or ""."""
    runbook: str = ""
    run: str = ""
    cluster_uid: str = ""
    at: datetime | None = None
    """When it was read; of a snapshot, when it was taken."""
    format: int = msgspec.field(default=1)
