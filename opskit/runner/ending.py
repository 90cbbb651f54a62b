"""How a run ended: decided from run.json, the verdict and the journal, never from the notebook's metadata."""

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from opskit.core.findings import Severity
from opskit.runner.execution import Ended
from opskit.runner.folder import RunFolder
from opskit.runner.record import ErrorNote, Record, Status, ended_by
from opskit.runner.verdict import Verdict

_PLANNED = frozenset({Status.PLANNED_ONLY, Status.NOTHING_TO_DO})


def finish(folder: RunFolder, ended: Ended, *, fail_on: str = "") -> Record:
    """Decide status and exit code, and write them into run.json.

    Args:
        folder: the run folder.
        ended: how the cells ended.
        fail_on: severity at or above which findings make the exit code 3; "" is never.

    """
    record = decide(folder.read(), ended, verdict_of(folder), fail_on=fail_on)
    return folder.write(record)


def decide(record: Record, ended: Ended, verdict: Verdict | None, *, fail_on: str = "") -> Record:
    """Pure: the record at the end."""
    now = datetime.now(UTC)
    if error := _error(record, ended):
        return ended_by(record, error, at=now)
    if verdict is None:
        return ended_by(record, _no_verdict(), at=now)
    if verdict.changed and not all(goal.ok for goal in verdict.goal):
        return ended_by(record, _not_reached(verdict), at=now)
    if fail_on and verdict.worst and Severity(verdict.worst) >= Severity(fail_on):
        return replace(record, status=Status.FINDINGS, exit_code=3, sentence=verdict.sentence, ended=now)
    status = record.status if record.status in _PLANNED else Status.COMPLETED
    sentence = record.sentence if status in _PLANNED else verdict.sentence
    return replace(record, status=status, exit_code=0, sentence=sentence, ended=now, error=None)


def verdict_of(folder: RunFolder) -> Verdict | None:
    """The run's verdict, if there is one."""
    try:
        return msgspec.json.decode(folder.verdict.read_bytes(), type=Verdict)
    except (OSError, msgspec.MsgspecError):
        return None


def _error(record: Record, ended: Ended) -> ErrorNote | None:
    applying = record.status is Status.APPLYING
    match ended.how:
        case "stopped" | "kernel-died" if applying:
            return _inside(record, ended)
        case "stopped":
            return _stopped(record, ended)
        case "kernel-died":
            return ErrorNote(
                error="KernelDied",
                what=f"The kernel died ({ended.text.partition(';')[0]}); nothing was changed.",
                where=f"cell {ended.cell + 1}",
                next="look for an out-of-memory kill (dmesg) where it was SIGKILL, then run it again",
                exit_code=1,
            )
        case "unsaved":
            what = f"The notebook can't be saved: {ended.text}."
            return ErrorNote(
                error="Unsaved", what=what, next="free space on that disk", exit_code=6 if applying else 5
            )
        case "error":
            return record.error or _defect(ended)
        case _:
            return record.error


def _stopped(record: Record, ended: Ended) -> ErrorNote:
    if record.error and record.error.exit_code in (6, 7):
        return record.error
    if ended.reason in ("deadline", "cell-timeout"):
        what = "The whole run's deadline passed" if ended.reason == "deadline" else "A cell took too long"
        changed = bool(record.approved_by)
        return ErrorNote(
            error="DeadlineExceeded",
            what=f"{what}; it was stopped"
            + (" at a step boundary." if changed else ", and nothing was changed."),
            next="opskit resume goes on from there"
            if changed
            else "give more time with --timeout or --cell-timeout",
            exit_code=6 if changed else 5,
        )
    if record.error and record.error.error == "Stopped":
        return record.error
    code = 143 if ended.reason == "SIGTERM" else 130
    return ErrorNote(error="Stopped", what=f"Stopped by {ended.reason}; nothing was changed.", exit_code=code)


def _inside(record: Record, ended: Ended) -> ErrorNote:
    """The kernel went away while it applied: only the journal and the system know how far it came."""
    why = f"did not reach a step boundary after {ended.reason}" if ended.reason else "died"
    return ErrorNote(
        error="OutcomeUnknown",
        what=f"The kernel {why} while it applied step {record.step or '(none yet)'}.",
        next=f"opskit resume {record.run}: it reads the system and does only what is left",
        exit_code=7,
    )


def _defect(ended: Ended) -> ErrorNote:
    if ended.name == "StdinNotImplementedError":
        return ErrorNote(
            error="ApprovalNeeded",
            what="A cell asks for input, and nobody is there to answer.",
            next="run it in JupyterLab, or pass what it asks for as a parameter",
            exit_code=4,
        )
    return ErrorNote(
        error=ended.name or "Error",
        what=f"A cell failed: {ended.name}: {ended.text}".rstrip(": "),
        where=f"cell {ended.cell + 1}",
        next="report this; the traceback stands in log.txt of the run folder",
        exit_code=1,
    )


def _no_verdict() -> ErrorNote:
    return ErrorNote(
        error="NoVerdict",
        what="The notebook ended without a verdict.",
        next="end it with run.verify()",
        exit_code=1,
    )


def _not_reached(verdict: Verdict) -> ErrorNote:
    missed = [goal for goal in verdict.goal if goal.ok is False]
    if missed:
        what, next_step = "and yet the goal is not reached", "read the findings, then plan again"
    else:
        what = "but whether the goal is reached could not be read"
        next_step = f"once the cluster answers, `opskit resume {verdict.run}` reads it again"
    told = "; ".join(f"{goal.text}: {goal.state}" for goal in missed or verdict.goal if not goal.ok)
    return ErrorNote(
        error="StepFailed", what=f"All steps are done, {what}: {told}.", next=next_step, exit_code=6
    )
