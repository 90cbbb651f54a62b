"""Applies a plan, goes on with one that was broken off, or takes one back. Nothing else changes anything."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from opskit.core.approval import Approval
from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions
from opskit.core.errors import (
    BadValue,
    JournalDamaged,
    JournalUnwritable,
    OpsError,
    PlanChanged,
    Refused,
    StepFailed,
    UsageError,
    WriteRejected,
)
from opskit.core.goal import reach
from opskit.core.guards import require_approved, require_cluster, require_fresh, require_rights
from opskit.core.history import Trace, traces, turned_back
from opskit.core.journal import Journal
from opskit.core.lease import State as LeaseState
from opskit.core.lock import LeaseLock
from opskit.core.outcomes import acted, in_place, outcome
from opskit.core.plan import Plan, Step
from opskit.core.progress import GoalState, Outcome, Progress, StepState, Watch
from opskit.core.rights import Rule
from opskit.core.stepping import Stepper, back, forth
from opskit.core.tools import Boundary, Tools, pass_by
from opskit.core.wait import Stop, never
from opskit.core.writes import Writer

__all__ = ["Engine", "Outcome", "Progress", "StepState"]

T = TypeVar("T")


class Engine:
    """One run of one plan.

    Args:
        cluster: the live cluster.
        plan: as it was reviewed.
        approval: of this plan.
        conditions: the predicates that the plan names.
        writer: the cluster's writer.
        journal: the run's.
        lock: the plan's, for this run.
        code: digest of the code as it is now; empty: not compared.
        rules: the rights that the runbook declares.
        allowed_signers: where given, only an approval that is signed by one of them is accepted.
        stop: who asks to stop; looked at before every step and in every wait.
        watch: told where the run stands.
        boundary: told of each point at which a crash would leave another trace.

    """

    def __init__(
        self,
        cluster: Cluster,
        plan: Plan,
        *,
        approval: Approval,
        conditions: Conditions,
        writer: Writer,
        journal: Journal,
        lock: LeaseLock,
        code: str = "",
        rules: Iterable[Rule] = (),
        allowed_signers: Path | None = None,
        stop: Stop = never,
        watch: Watch = lambda _: None,
        boundary: Boundary = pass_by,
    ) -> None:
        self._plan = plan
        self._approval = approval
        self._code = code
        self._rules = tuple(rules)
        self._allowed_signers = allowed_signers
        self._goal: tuple[GoalState, ...] = ()
        self._failed = ""
        self._since = len(journal.records)
        self._tools = Tools(
            plan=plan,
            cluster=cluster,
            conditions=conditions,
            writer=writer,
            journal=journal,
            lock=lock,
            stop=stop,
            watch=watch,
            boundary=boundary,
        )

    def apply(self) -> Outcome:
        """Apply the plan. What went wrong stands in the outcome; only defects are raised."""
        return self._concluded(self._apply)

    def resume(self, *, settle: Mapping[str, str] | None = None) -> Outcome:
        """Go on with what is left: finished steps are looked at again, and not done twice.

        Args:
            settle: what a person found out about steps of unknown outcome: `done` or `not-done`.

        """
        return self._concluded(lambda: self._resume(settle or {}))

    def undo(self) -> Outcome:
        """Take back what this run did, last step first, where a step can be taken back."""
        return self._concluded(self._undo, undone=True)

    def _apply(self) -> None:
        if self._traces():
            run = self._tools.journal.run
            raise UsageError("This run was begun already.", where=run, hint=f"use `opskit resume {run}`")
        signer = self._approved()
        self._record("opened", plan=self._plan.hash, cluster_uid=self._plan.cluster_uid, **self._who(signer))
        require_rights(self._tools.cluster, self._plan, self._rules)
        require_fresh(self._plan, self._tools.writer)
        self._go()

    def _resume(self, settle: Mapping[str, str]) -> None:
        if not self._tools.journal.records:
            self._apply()
            return
        if turned_back(self._tools.journal.records):
            run = self._tools.journal.run
            raise Refused("This run is being taken back.", where=run, hint=f"use `opskit undo {run}`")
        self._require_journaled_plan()
        signer = self._approved()
        self._record("resumed", **self._who(signer))
        require_rights(self._tools.cluster, self._plan, self._rules)
        if not acted(self._traces().values()):
            require_fresh(self._plan, self._tools.writer)
        self._settle(settle)
        self._go()

    def _undo(self) -> None:
        self._require_journaled_plan()
        signer = self._approved(late=True)
        self._record("undoing", **self._who(signer))
        self._locked()
        for step in reversed(self._plan.steps):
            if in_place(self._traces().get(step.id)):
                self._take_back(step)

    def _go(self) -> None:
        if any(not step.skip for step in self._plan.steps):
            self._locked()
        try:
            for index, step in enumerate(self._plan.steps):
                self._step(step, later=self._plan.steps[index + 1 :])
        except (StepFailed, WriteRejected, Refused) as error:
            if not self._to_restore(error):
                raise
            raise self._restored(error) from error
        reach(self._tools, self._plan.goal, seen=self._saw)

    def _to_restore(self, error: OpsError) -> bool:
        """Whether the plan takes back what is in place: not what could not be journaled, and not a stop."""
        unrecorded = isinstance(error, JournalUnwritable | JournalDamaged)
        return self._plan.restore and not unrecorded and any(map(in_place, self._traces().values()))

    def _restored(self, error: OpsError) -> StepFailed:
        """Take back what this run did, because the plan says so, and what is told of it."""
        failed = self._failed
        self._record("undoing", by="the plan itself", why=error.what)
        for step in reversed(self._plan.steps):
            if in_place(self._traces().get(step.id)):
                self._take_back(step)
        self._failed = failed
        return StepFailed(
            f"{error.what} All that this run had changed was taken back.",
            where=error.where,
            hint="look at what failed, then plan again",
        )

    def _step(self, step: Step, *, later: tuple[Step, ...]) -> None:
        found = self._traces()
        trace = found.get(step.id, Trace())
        stepper = Stepper(self._tools, step, forth(step), trace)
        if step.skip:
            stepper.skip()
            return
        if trace.forth.reached in {"done", "already"}:
            began = any(found.get(each.id, Trace()).forth.begun for each in later)
            if self._at(step, lambda: stepper.recheck(later_began=began)):
                return
        self._at(step, stepper.make)

    def _take_back(self, step: Step) -> None:
        trace = self._traces()[step.id]
        if trace.forth.reached == "open":
            stepper = Stepper(self._tools, step, forth(step), trace)
            if not self._at(step, stepper.settled):
                return
        if step.undo is not None:
            self._at(step, Stepper(self._tools, step, back(step), trace).make)

    def _at(self, step: Step, call: Callable[[], T]) -> T:
        """Call, and remember the step if it fails."""
        self._failed = step.id
        result = call()
        self._failed = ""
        return result

    def _saw(self, goal: tuple[GoalState, ...]) -> None:
        self._goal = goal

    def _concluded(self, way: Callable[[], None], *, undone: bool = False) -> Outcome:
        """Go, and end the run properly however it goes."""
        error: OpsError | None = None
        try:
            way()
        except OpsError as raised:
            error = raised
        except BaseException:
            # Nobody knows what this left behind: the lock expires with the run marked as unfinished.
            self._tools.lock.abandon()
            raise
        ended = self._outcome(error, undone=undone)
        error = self._recorded(ended) or error
        self._tools.lock.release(self._left_as(ended), head=self._tools.journal.head)
        return self._outcome(error, undone=undone)

    def _outcome(self, error: OpsError | None, *, undone: bool) -> Outcome:
        journal = self._tools.journal
        return outcome(
            self._plan,
            journal.records,
            run=journal.run,
            error=error,
            failed=self._failed,
            since=self._since,
            goal=self._goal,
            undone=undone,
        )

    def _recorded(self, ended: Outcome) -> OpsError | None:
        """Journal the end; what keeps it from being journaled."""
        try:
            self._record(
                "ended",
                status=ended.status,
                text=ended.text,
                goal=msgspec.to_builtins(ended.goal),
                error=ended.error,
            )
        except JournalUnwritable as error:
            return error
        return None

    def _left_as(self, ended: Outcome) -> LeaseState:
        """What the Lease says of the run: where an act is open, it stays held."""
        if any(step.state == "unknown" for step in ended.steps):
            return "unknown"
        return "done" if ended.status == "nothing-to-do" else ended.status

    def _locked(self) -> None:
        at = Progress(step="", title="Lock", index=0, total=len(self._plan.steps), phase="", text="")
        before = self._tools.lock.acquire(
            stop=self._tools.stop, watch=lambda text: self._tools.tell(at, "locking", text)
        )
        if before.run == self._tools.journal.run and before.anchor:
            self._tools.journal.require_holds(before.anchor)
        run = self._tools.journal.run
        self._record(
            "locked",
            lease=self._tools.lock.where,
            before=msgspec.to_builtins(before),
            taken_over=before.unfinished and before.run != run,
        )
        require_cluster(self._tools.cluster, self._plan)

    def _approved(self, *, late: bool = False) -> str:
        require_cluster(self._tools.cluster, self._plan)
        return require_approved(
            self._plan, self._approval, allowed_signers=self._allowed_signers, code=self._code, late=late
        )

    def _require_journaled_plan(self) -> None:
        opened = next((each for each in self._tools.journal.records if each.phase == "opened"), None)
        if opened is None or opened.data.get("plan") != self._plan.hash:
            raise PlanChanged(
                "The journal is of another plan than this.",
                where=str(self._tools.journal.path),
                hint="use the plan.json of that run",
            )

    def _settle(self, settle: Mapping[str, str]) -> None:
        found = self._traces()
        for step, said in settle.items():
            if found.get(step, Trace()).forth.reached != "open" or said not in {"done", "not-done"}:
                raise BadValue(
                    f"--settle {step}={said} does not fit: only a step of unknown outcome can be settled.",
                    where=self._tools.journal.run,
                    hint="say done or not-done of a step that `opskit runs` shows as unknown",
                )
            self._tools.journal.append("settled", step=step, data={"outcome": said})

    def _who(self, signer: str) -> dict[str, object]:
        approval = self._approval
        return {"by": approval.by, "until": approval.until.isoformat(), "signed_by": signer}

    def _traces(self) -> dict[str, Trace]:
        return traces(self._tools.journal.records)

    def _record(self, phase: str, **data: object) -> None:
        self._tools.journal.append(phase, data=data)
