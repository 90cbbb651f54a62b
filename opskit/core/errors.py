"""The one error tree.

Every message says what happened, where, and what to do next. The class decides the exit code::

    OpsError                     1   a defect of opskit
    ├── UsageError               2   unknown runbook, parameter or cluster; bad value
    │   ├── UnknownName
    │   ├── BadValue
    │   ├── ConfigError
    │   ├── NotARunbook
    │   └── SnapshotDamaged
    ├── ReadError                5   a system could not be read; nothing was changed
    │   ├── Unreachable
    │   │   ├── PodNotReady
    │   │   └── Untrusted
    │   ├── DeadlineExceeded
    │   ├── ListExpired
    │   ├── Unauthorized
    │   ├── Forbidden
    │   ├── NotInstalled
    │   ├── NotLocated
    │   ├── OtherVersion
    │   ├── NotFound
    │   ├── BadAnswer
    │   ├── ToolFailed
    │   └── NotInSnapshot
    ├── ApprovalNeeded           4   the plan is saved, nothing was changed
    ├── Refused                  5   a precondition or interlock said no; nothing was changed
    │   ├── ApprovalRejected
    │   ├── PlanChanged
    │   ├── MissingRights
    │   ├── WrongCluster
    │   ├── JournalDamaged
    │   └── JournalUnwritable       the record of the next act is not durable, so that it was not begun
    ├── WriteRejected            6   the server refused a write (5 while still in the dry run)
    ├── StepFailed               6   a step failed; the run stopped there
    ├── OutcomeUnknown           7   a write got no answer and could not be read back
    ├── LockHeld                 8   another run holds the target's lock
    ├── LockLost                 6   the lock could not be renewed; the run stopped itself
    └── Stopped            130/143   stopped at a step boundary by a signal or the stop button
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar


class OpsError(Exception):
    """Root of all errors that opskit raises.

    Args:
        what: one sentence: what happened.
        where: the server, object, file or step that it happened at.
        hint: what to do next, as an instruction.

    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        hint = f" Next: {self.hint}" if self.hint else ""
        return f"{self.what}{place}{hint}"

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence. The traceback would say nothing about the cluster."""
        from opskit.core.scrubbing import scrub

        return [scrub(f"{type(self).__name__}: {self}")]

    def to_dict(self) -> dict[str, Any]:
        """`{error, what, where, next, exit_code}`, as run.json and `--json` show it."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "next": self.hint,
            "exit_code": self.exit_code,
        }


class UsageError(OpsError):
    """The caller asked for something that does not exist or does not parse."""

    exit_code = 2


class UnknownName(UsageError):
    """A runbook, parameter, cluster, column or the like that does not exist."""

    @classmethod
    def among(cls, sort: str, name: str, known: Iterable[str], *, where: str = "") -> "UnknownName":
        """Name the nearest known ones.

        Args:
            sort: what is being named, e.g. "runbook".
            name: what was given.
            known: all valid names.
            where: file or option that holds the name.

        """
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"known: {', '.join(names) or f'none: there is no {sort} yet'}"
        )
        return cls(f"There is no {sort} named {name!r}.", where=where, hint=hint)


class BadValue(UsageError):
    """A value that does not parse as its declared type or lies outside its bounds."""


class ConfigError(UsageError):
    """opskit.toml, a kubeconfig or an option is wrong."""


class NotARunbook(UsageError):
    """A notebook without the runbook contract."""


class SnapshotDamaged(UsageError):
    """A snapshot that is cut off, altered, or of an unknown format."""


class ReadError(OpsError):
    """A system could not be read. Nothing was changed."""

    exit_code = 5


class _NoAnswer(ReadError):
    """No answer came.

    Args:
        sent: whether the server can have got the request: False when no connection came about,
            True when it was sent and the answer is missing, None when that can't be told.

    """

    def __init__(self, what: str, *, sent: bool | None = None, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.sent = sent


class Unreachable(_NoAnswer):
    """No connection, or it broke, or the server is unable to answer, and the retry budget is spent."""


class PodNotReady(Unreachable):
    """The pod in which a command was to run exists, but is not Ready: the system itself was not asked."""


class Untrusted(Unreachable):
    """The server's certificate is not trusted: it was told nothing, and asking again mends nothing."""


class DeadlineExceeded(_NoAnswer):
    """The deadline passed before an answer or a condition came."""


class ListExpired(ReadError):
    """A paged list expired on the server while it was read (410); it has to start over."""


class Unauthorized(ReadError):
    """The credential is missing, wrong or expired (401)."""


class Forbidden(ReadError):
    """The credential lacks the right (403)."""


class NotInstalled(ReadError):
    """The CRD, the server or the tool is not there."""


class NotLocated(ReadError):
    """Where a server runs could not be asked of the API server; this says nothing about that server."""


class OtherVersion(ReadError):
    """The resource is there, in a version that opskit does not read: older or newer than known."""


class NotFound(ReadError):
    """The object does not exist (404)."""


class BadAnswer(ReadError):
    """An answer that is cut off, no JSON, or not of the expected shape."""


class ToolFailed(ReadError):
    """A command-line tool ended with a nonzero exit code.

    Args:
        exit_code_of_tool: the tool's exit code.
        stderr: what it said, scrubbed.

    """

    def __init__(
        self, what: str, *, exit_code_of_tool: int, stderr: str = "", where: str = "", hint: str = ""
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.exit_code_of_tool = exit_code_of_tool
        self.stderr = stderr


class NotInSnapshot(ReadError):
    """The snapshot does not hold what was asked; this says nothing about the cluster."""


class ApprovalNeeded(OpsError):
    """The plan is saved and waits for an approval. Nothing was changed."""

    exit_code = 4


class Refused(OpsError):
    """A precondition or interlock said no. Nothing was changed by the step that it guards."""

    exit_code = 5


class ApprovalRejected(Refused):
    """The approval is expired, for another plan or cluster, or its signature is not trusted."""


class PlanChanged(Refused):
    """What would be applied is no longer what was reviewed."""


class MissingRights(Refused):
    """The preflight found rights that the runbook declares and the credential lacks."""


class WrongCluster(Refused):
    """The context now leads to another cluster than the run was made for."""


class JournalDamaged(Refused):
    """The journal's chain or its anchor does not match."""


class JournalUnwritable(Refused):
    """A record could not be made durable (full disk, read-only file system); nothing is sent without one."""


class WriteRejected(OpsError):
    """The server refused a write: admission, validation, conflict, or a field's other manager.

    Args:
        reason: the server's reason, e.g. "Conflict", "Invalid", "Forbidden".
        dry_run: whether it was refused in the dry run, i.e. before any change.

    """

    exit_code = 6

    def __init__(
        self, what: str, *, reason: str = "", dry_run: bool = False, where: str = "", hint: str = ""
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.reason = reason
        self.dry_run = dry_run


class StepFailed(OpsError):
    """A step failed: the run stopped there and the journal tells where."""

    exit_code = 6


class OutcomeUnknown(OpsError):
    """A write got no answer and could not be read back."""

    exit_code = 7


class LockHeld(OpsError):
    """Another run holds the target's lock, or left it behind unfinished."""

    exit_code = 8


class LockLost(OpsError):
    """The lock could not be renewed in time, so the run stopped itself before its next write."""

    exit_code = 6


class Stopped(OpsError):
    """Stopped at a step boundary.

    Args:
        by: "SIGINT", "SIGTERM" or "button".

    """

    exit_code = 130

    def __init__(self, what: str, *, by: str, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.by = by

    @property
    def signal_exit_code(self) -> int:
        """143 after SIGTERM, else 130."""
        return 143 if self.by == "SIGTERM" else 130
