"""Going on with a run after it ended: resume, undo, verify. No notebook and no kernel take part."""

import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from opskit import systems
from opskit.core import approval, journal
from opskit.core.approval import Approval
from opskit.core.errors import ApprovalRejected, JournalDamaged, LockHeld, OpsError, UsageError
from opskit.core.findings import Data
from opskit.core.plan import Plan
from opskit.core.progress import Outcome, Progress
from opskit.runner import applying, contract, ending, folder, headless, plans, stopping, verifying
from opskit.runner.changing import Change
from opskit.runner.contract import Runbook
from opskit.runner.execution import GRACE_SECONDS, Ended
from opskit.runner.folder import RunFolder
from opskit.runner.record import OPEN, Record, Status, note
from opskit.runner.stopping import Stopper
from opskit.runner.verdict import Verdict

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


class Checked(Data, frozen=True):
    """What `opskit verify` says."""

    verdict: Verdict
    journal: str
    """Whether the journal is whole and unaltered."""


def resume(
    own: RunFolder,
    *,
    seconds: float,
    take_over: bool = False,
    settle: Mapping[str, str] | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> Record:
    """Do what is left of a run that was stopped, failed or killed.

    Args:
        own: the run's folder.
        seconds: deadline of the whole.
        take_over: take an unfinished run's expired lock.
        settle: what a person found out about steps of unknown outcome: `done` or `not-done`.
        watch: told where it stands.

    Raises:
        UsageError: nothing was begun.
        LockHeld: it is still being led.
        OpsError: the cluster, the journal or the approval does not let us go on.

    """
    way = partial(Change.resume, settle=settle)
    return _go_on(own, way, again=True, seconds=seconds, take_over=take_over, watch=watch)


def undo(
    own: RunFolder,
    *,
    seconds: float,
    take_over: bool = False,
    watch: Callable[[Progress], None] | None = None,
) -> Record:
    """Take back what a run changed, last step first.

    Args and errors are those of `resume`.
    """
    return _go_on(own, Change.undo, again=False, seconds=seconds, take_over=take_over, watch=watch)


def verify(own: RunFolder) -> Checked:
    """Read goal and findings again, and check the journal; the verdict is saved.

    Raises:
        OpsError: the cluster does not answer.

    """
    record = own.read()
    with _cluster(record) as cluster:
        plan = plans.load(own.plan) if own.plan.exists() else None
        verdict = _verdict(cluster, record, plan, changed=own.journal.exists())
    own.save(own.verdict, verdict)
    return Checked(verdict=verdict, journal=_journal_state(own))


def _go_on(
    own: RunFolder,
    way: Callable[[Change], Outcome],
    *,
    again: bool,
    seconds: float,
    take_over: bool,
    watch: Callable[[Progress], None] | None,
) -> Record:
    record = own.read()
    _require_begun(own, record)
    runbook = _runbook(record)
    plan, given = plans.load(own.plan), approval.load(own.approval)
    _require_approved(given, plan, record.run, again=again)
    own.clear_stop()
    stopper = Stopper()
    with stopping.on_signals(stopper), _cluster(record) as cluster, _in_time(own, stopper, seconds):
        stopper.into(own)
        led = own.write(
            replace(_led_by_us(record), status=Status.APPLYING, exit_code=None, error=None, ended=None)
        )
        change = Change(
            cluster,
            plan,
            given,
            own,
            runbook,
            code=applying.digest(runbook) if again else "",
            allowed_signers=applying.allowed_signers(),
            take_over=take_over,
            stop=lambda: stopper.reason or own.stop_reason,
            watch=_keeping(own, watch),
        )
        try:
            return _conclude(own, cluster, plan, way(change), stopper)
        except OpsError as error:
            own.write(replace(led, status=record.status, error=note(error)))
            raise


def _conclude(own: RunFolder, cluster: "Cluster", plan: Plan, outcome: Outcome, stopper: Stopper) -> Record:
    record = own.update(
        status=Status.RUNNING, step="", error=applying.error_of(outcome), sentence=outcome.text
    )
    try:
        own.save(
            own.verdict, _verdict(cluster, record, plan, changed=True, undone=outcome.status == "undone")
        )
    except OpsError as error:
        record = own.update(error=record.error or note(error))
    how = "stopped" if stopper.reason and record.error else "error" if record.error else "all"
    return headless.conclude(own, Ended(how=how, reason=stopper.reason))


def _verdict(
    cluster: "Cluster", record: Record, plan: Plan | None, *, changed: bool, undone: bool = False
) -> Verdict:
    system = systems.load(record.system)
    facts = system.facts(cluster)
    wanted = plan.goal if plan and changed and not undone else ()
    return verifying.verdict(
        cluster,
        record,
        found=tuple(system.judge(facts)),
        goal=verifying.goals(cluster, system.conditions, wanted),
        changed=changed,
        gaps=verifying.gaps(system, facts),
    )


def _journal_state(own: RunFolder) -> str:
    if not own.journal.exists():
        return "none: nothing was begun"
    try:
        return f"{len(journal.read(own.journal, run=own.read().run))} records, whole and unaltered"
    except JournalDamaged as error:
        return str(error)


def _require_begun(own: RunFolder, record: Record) -> None:
    if record.status in OPEN and record.pid != os.getpid() and folder.alive(record):
        raise LockHeld(
            f"Process {record.pid} still leads this run.",
            where=record.run,
            hint="wait for it, or stop it (SIGTERM)",
        )
    if not (own.journal.exists() and own.plan.exists() and own.approval.exists()):
        raise UsageError(
            "Nothing of this run was begun, so there is nothing to go on with or to take back.",
            where=record.run,
            hint=f"run it again: opskit run {record.runbook}",
        )


def _require_approved(given: Approval, plan: Plan, run: str, *, again: bool) -> None:
    """Told before any server is asked. The plan stays; only its approval can be made anew."""
    try:
        given.check(plan, allowed_signers=applying.allowed_signers(), late=not again)
    except ApprovalRejected as error:
        verb = "resume" if again else "undo"
        error.hint = f"`opskit approve {run}`, then `opskit {verb} {run}`"
        raise


def _led_by_us(record: Record) -> Record:
    pid = os.getpid()
    return replace(record, pid=pid, pid_started=folder.process_started(pid))


def _runbook(record: Record) -> Runbook:
    return contract.load(Path(record.notebook))


def _cluster(record: Record) -> "Cluster":
    from opskit.core.cluster import Cluster

    pinned = record.cluster
    if pinned is None:
        raise UsageError("This run never reached a cluster.", where=record.run, hint="run it again")
    return Cluster.open(str(record.parameters.get("cluster", pinned.name)), expect_uid=pinned.uid)


def _keeping(own: RunFolder, watch: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    last = ""

    def keep(progress: Progress) -> None:
        nonlocal last
        if progress.step != last:
            last = progress.step
            own.update(step=last)
        if watch:
            watch(progress)

    return keep


class _in_time:  # noqa: N801 - reads as a statement where it is used
    """Ask to stop at the deadline, and end the process when a stop is not heeded in time."""

    def __init__(self, own: RunFolder, stopper: Stopper, seconds: float) -> None:
        self._own = own
        self._stopper = stopper
        self._deadline = threading.Timer(seconds, lambda: stopper.request("deadline"))
        self._last = threading.Timer(GRACE_SECONDS, self._give_up)
        self._heard = stopper.heard_by(self._count_down)

    def __enter__(self) -> None:
        self._deadline.daemon = self._last.daemon = True
        self._deadline.start()
        self._heard.__enter__()

    def __exit__(self, *_: object) -> None:
        self._heard.__exit__(None, None, None)
        self._deadline.cancel()
        self._last.cancel()

    def _count_down(self) -> None:
        if not self._last.is_alive() and not self._last.finished.is_set():
            self._last.start()

    def _give_up(self) -> None:
        record = ending.finish(self._own, Ended(how="stopped", reason=self._stopper.reason, killed=True))
        os._exit(record.exit_code or 7)
