"""From a draft to a plan, and from an approved plan to its outcome."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import opskit
from opskit.core import approval as approvals
from opskit.core import config, planning
from opskit.core.approval import Approval
from opskit.core.errors import (
    ApprovalNeeded,
    ApprovalRejected,
    JournalDamaged,
    LockHeld,
    LockLost,
    MissingRights,
    OpsError,
    OutcomeUnknown,
    PlanChanged,
    Refused,
    StepFailed,
    Stopped,
    WrongCluster,
)
from opskit.core.plan import Json, Plan
from opskit.core.writes import Writer
from opskit.runner.contract import Runbook
from opskit.runner.folder import RunFolder
from opskit.runner.parameters import CLUSTER
from opskit.runner.record import ErrorNote, Status

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.changing import Change
    from opskit.runner.session import Run

_PACKAGE = Path(opskit.__file__).parent

_SAME = (
    ApprovalRejected,
    JournalDamaged,
    LockHeld,
    LockLost,
    MissingRights,
    OutcomeUnknown,
    PlanChanged,
    WrongCluster,
)
_AGAIN: dict[str, type[OpsError]] = {each.__name__: each for each in _SAME}
_BY_EXIT_CODE: dict[int, type[OpsError]] = {5: Refused, 6: StepFailed, 7: OutcomeUnknown, 8: LockHeld}


def make(run: "Run", facts: Any) -> Plan:
    """Plan from these facts: pinned, previewed on the server, rights checked.

    Raises:
        Refused: an interlock says no.
        MissingRights: a declared right is missing.
        WriteRejected: the server would refuse a step.

    """
    require_rights(run)
    # Our name of the cluster is no part of what is approved: its UID is.
    shown = run.runbook.show(run.parameters)
    return planning.make_plan(
        run.draft(facts),
        run.cluster,
        Writer(run.cluster),
        runbook=run.runbook.name,
        system=run.runbook.system,
        parameters={name: value for name, value in shown.items() if name != CLUSTER.name},
        code=digest(run.runbook),
    )


def digest(runbook: Runbook) -> str:
    """Digest of the code that makes and applies a plan: core, the system's room, and the runbook."""
    system = _PACKAGE / "systems" / runbook.system
    return planning.code_digest([_PACKAGE / "core", system, Path(runbook.path)])


def why_not(run: "Run") -> tuple[Status, str] | None:
    """Why the plan is not to be applied, or None when it is."""
    plan = planned(run)
    if plan.nothing_to_do or all(step.skip for step in plan.steps):
        return Status.NOTHING_TO_DO, f"Nothing to do: {plan.nothing_to_do or 'every step is done already'}"
    if not run.cluster.live:
        return Status.PLANNED_ONLY, (
            f"{run.cluster.info.name} is a snapshot: it can be read and planned on, and nothing of it can be "
            "changed. On a live cluster, this cell applies the plan once it is approved."
        )
    if run.context and run.context.action == "plan":
        return Status.PLANNED_ONLY, "Only a plan was asked for; `opskit approve` approves it."
    return None


def planned(run: "Run") -> Plan:
    """The run's plan.

    Raises:
        Refused: there is none yet.

    """
    if run.planned is None:
        raise Refused("There is no plan yet.", where=run.runbook.name, hint="run the plan cell first")
    return run.planned


def approval_of(run: "Run") -> Approval:
    """The approval that a headless run was given.

    Raises:
        ApprovalNeeded: none was given.

    """
    if not run.context or not run.context.approval:
        raise ApprovalNeeded(
            "The plan waits for an approval; nothing was changed.",
            where=str(run.folder.plan),
            hint=f"opskit approve {run.record.run}, then run it again with --approval",
        )
    return approvals.load(Path(run.context.approval))


def perform(run: "Run", approval: Approval) -> "Outcome":
    """Apply the run's plan under an approval, after planning once more.

    Raises:
        PlanChanged, ApprovalRejected, MissingRights: nothing was changed.
        LockHeld, LockLost, StepFailed, OutcomeUnknown, Stopped: as the journal tells.

    """
    plan = planned(run)
    same_plan(approval.reviewed, make(run, run.system.facts(run.cluster)))
    approval.check(plan, allowed_signers=allowed_signers())
    approval.save(run.folder.approval)
    before = run.record.status
    run.folder.update(status=Status.APPLYING, approved_by=approval.by)
    with stop_instead_of_interrupt(run.folder):
        try:
            run.outcome = _change(run, plan, approval).apply()
        finally:
            run.folder.update(status=before)
    run.folder.update(sentence=run.outcome.text, step=_reached(run.outcome))
    raise_for(run)
    return run.outcome


def _change(run: "Run", plan: Plan, approval: Approval) -> "Change":
    from opskit.runner.changing import Change

    return Change(
        run.cluster,
        plan,
        approval,
        run.folder,
        run.runbook,
        code=digest(run.runbook),
        allowed_signers=allowed_signers(),
        take_over=bool(run.context and run.context.take_over),
        stop=lambda: run.folder.stop_reason,
        watch=lambda progress: keep_step(run, progress),
    )


def error_of(outcome: "Outcome") -> ErrorNote | None:
    """What ended the changes, for run.json; None when they came to their end."""
    if not outcome.error:
        return None
    said = outcome.error
    return ErrorNote(
        error=str(said["error"]),
        what=str(said["what"]),
        where=str(said["where"]),
        next=str(said["next"]),
        exit_code=outcome.exit_code,
    )


def raise_for(run: "Run") -> None:
    """Raise what ended the changes.

    Raises:
        OpsError: of the class that the engine met, as far as it can be made again.

    """
    told = error_of(run.outcome) if run.outcome else None
    if told is None:
        return
    if told.error == "Stopped":
        raise Stopped(told.what, by=run.folder.stop_reason or "button", where=told.where, hint=told.next)
    made = _AGAIN.get(told.error) or _BY_EXIT_CODE.get(told.exit_code, StepFailed)
    raise made(told.what, where=told.where, hint=told.next)


def _reached(outcome: "Outcome") -> str:
    """The step at which the run ended; "" at its end."""
    return next(
        (each.id for each in outcome.steps if each.state in ("failed", "unknown", "acknowledged")), ""
    )


def same_plan(reviewed: Json, now: Plan) -> None:
    """Refuse when what would be applied is no longer what was reviewed.

    Raises:
        PlanChanged: with each difference.

    """
    lines = planning.difference(reviewed, now)
    if lines:
        raise PlanChanged(
            f"The plan made now differs from the one that was reviewed: {'; '.join(lines)}",
            where=f"{now.runbook} on {now.cluster}",
            hint="look at the system, plan again and have that approved",
        )


def allowed_signers() -> Path | None:
    """The allowed-signers file of `opskit.toml`, if there is one."""
    named, path = config.load().approval.allowed_signers, config.find()
    return path.parent / Path(named).expanduser() if named and path else None


def require_rights(run: "Run") -> None:
    """Check the rights that the runbook declares, on a live cluster.

    Raises:
        MissingRights: names each.

    """
    if run.cluster.live and run.runbook.rules:
        from opskit.core import rights
        from opskit.runner.changing import rules_of

        rights.require(run.cluster, rules_of(run.cluster, run.runbook.rules))


def keep_step(run: "Run", progress: "Progress") -> None:
    """Note the step in run.json, and tell the presenter."""
    if progress.step != run.record.step:
        run.folder.update(step=progress.step)
    run.presenter.progress(run, progress)


@contextmanager
def stop_instead_of_interrupt(folder: RunFolder) -> Generator[None]:
    """While a plan is applied, an interrupt asks for a stop at the step boundary, and tears nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        folder.request_stop("SIGINT")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, cast("signal.Handlers", before))
