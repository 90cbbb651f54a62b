"""run.json: what a run is, how far it came, and what its exit code is decided from."""

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from opskit.core.errors import OpsError, Stopped
from opskit.core.findings import Data


class Status(Enum):
    """How far a run came."""

    RUNNING = "running"
    APPLYING = "applying"
    COMPLETED = "completed"
    NOTHING_TO_DO = "nothing-to-do"
    PLANNED_ONLY = "planned-only"
    """A plan was made and nothing was changed: a snapshot, or `opskit plan`."""
    FINDINGS = "findings"
    """Completed, with findings at or above `--fail-on`."""
    APPROVAL_NEEDED = "approval-needed"
    REFUSED = "refused"
    """A precondition, an interlock, or a system that could not be read; nothing was changed."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    LOCKED = "locked"
    STOPPED = "stopped"
    MISUSED = "misused"
    DEFECT = "defect"


OPEN = frozenset({Status.RUNNING, Status.APPLYING})
"""The run has not ended; when its process is gone, it was killed."""

_BY_EXIT_CODE = {
    0: Status.COMPLETED,
    1: Status.DEFECT,
    2: Status.MISUSED,
    3: Status.FINDINGS,
    4: Status.APPROVAL_NEEDED,
    5: Status.REFUSED,
    6: Status.FAILED,
    7: Status.UNKNOWN,
    8: Status.LOCKED,
    130: Status.STOPPED,
    143: Status.STOPPED,
}


class ErrorNote(Data, frozen=True):
    """An error, as run.json keeps it."""

    error: str
    what: str
    exit_code: int
    where: str = ""
    next: str = ""

    @property
    def sentence(self) -> str:
        """What a person reads."""
        place = f" [{self.where}]" if self.where else ""
        return f"{self.what}{place}" + (f" Next: {self.next}" if self.next else "")


class ClusterNote(Data, frozen=True):
    """The cluster that a run is pinned to."""

    name: str
    server: str
    uid: str
    version: str
    live: bool
    taken: datetime | None = None


class Record(Data, frozen=True):
    """run.json."""

    run: str
    """Its id."""
    runbook: str
    started: datetime
    status: Status = Status.RUNNING
    exit_code: int | None = None
    title: str = ""
    system: str = ""
    notebook: str = ""
    """The runbook's file."""
    changing: bool = False
    cluster: ClusterNote | None = None
    parameters: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """In their canonical form."""
    mode: str = "headless"
    """`headless` or `interactive`."""
    step: str = ""
    """The step that is being applied, or at which the run ended."""
    plan_hash: str = ""
    approved_by: str = ""
    error: ErrorNote | None = None
    sentence: str = ""
    """How it ended, for a person."""
    ended: datetime | None = None
    user: str = ""
    host: str = ""
    pid: int = 0
    """Of the process that leads the run."""
    pid_started: float = 0.0
    """Clock ticks since boot at which that process began, so that a reused pid is told apart."""
    opskit: str = ""
    format: int = 1


def note(error: OpsError) -> ErrorNote:
    """An error for run.json."""
    code = error.signal_exit_code if isinstance(error, Stopped) else error.exit_code
    return ErrorNote(
        error=type(error).__name__, what=error.what, where=error.where, next=error.hint, exit_code=code
    )


def ended_by(record: Record, error: ErrorNote, *, at: datetime) -> Record:
    """The record of a run that an error ended."""
    return msgspec.structs.replace(
        record,
        status=_BY_EXIT_CODE.get(error.exit_code, Status.DEFECT),
        exit_code=error.exit_code,
        error=error,
        sentence=error.sentence,
        ended=at,
    )
