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
from opskit.core.errors import ApprovalNeeded, OpsError, PlanChanged, Refused
from opskit.core.plan import Plan
from opskit.core.writes import Writer
from opskit.runner.folder import RunFolder
from opskit.runner.record import Status, note

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.session import Run

_PACKAGE = Path(opskit.__file__).parent


def make(run: "Run", facts: Any) -> Plan:
    """Plan from these facts: pinned, previewed on the server, rights checked.

    Raises:
        Refused: an interlock says no.
        MissingRights: a declared right is missing.
        WriteRejected: the server would refuse a step.

    """
    require_rights(run)
    return planning.make_plan(
        run.draft(facts),
        run.cluster,
        Writer(run.cluster),
        runbook=run.runbook.name,
        system=run.runbook.system,
        parameters=run.runbook.show(run.parameters),
        code=planning.code_digest(code_of(run)),
    )


def code_of(run: "Run") -> list[Path]:
    """The code that makes and applies a plan: core, the system's room, and the runbook."""
    return [_PACKAGE / "core", _PACKAGE / "systems" / run.runbook.system, Path(run.runbook.path)]


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
    from opskit.runner import changing

    plan = planned(run)
    same_plan(plan, make(run, run.system.facts(run.cluster)))
    approval.check(plan, allowed_signers=allowed_signers())
    approval.save(run.folder.approval)
    before = run.record.status
    run.folder.update(status=Status.APPLYING, approved_by=approval.by)
    with stop_instead_of_interrupt(run.folder):
        try:
            run.outcome = changing.apply(run, plan, approval)
        except OpsError as error:
            run.folder.update(status=before, error=note(error))
            raise
    run.folder.update(status=before, sentence=run.outcome.text, step="")
    return run.outcome


def same_plan(reviewed: Plan, now: Plan) -> None:
    """Refuse when what would be applied is no longer what was reviewed.

    Raises:
        PlanChanged: with each difference.

    """
    if reviewed.hash != now.hash:
        lines = "; ".join(planning.difference(reviewed, now))
        raise PlanChanged(
            f"The plan made now differs from the one that was reviewed: {lines}",
            where=f"plan {reviewed.hash[:12]}",
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

        rights.require(run.cluster, run.runbook)


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
