"""One plan being approved and applied in a notebook: panel, thread, progress, and what is left to read."""

import traceback
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ipywidgets import VBox

from opskit.core import approval as approvals
from opskit.core.approval import Approval
from opskit.core.errors import OpsError
from opskit.core.plan import Plan
from opskit.runner import cards
from opskit.runner.applying import allowed_signers
from opskit.runner.cards import Static
from opskit.runner.html import join
from opskit.runner.record import note
from opskit.widgets.approval import ApprovalPanel, waiting
from opskit.widgets.callbacks import Worker
from opskit.widgets.progress import ProgressPanel
from opskit.widgets.twin import Twin

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.session import Run


class Applying:
    """The apply cell's output, from the question to the outcome.

    Args:
        run: whose plan is applied.
        plan: `run.planned`.

    """

    def __init__(self, run: "Run", plan: Plan) -> None:
        self.plan = plan
        self._run = run
        self._approval: Approval | None = None
        self._worker = Worker(self._apply, failed=self.fail, stop=run.request_stop)
        self._signers = allowed_signers()
        self.asking = ApprovalPanel(
            run, plan, approve=self.approve, failed=self.fail, signed=self._signers is not None
        )
        self.progress = ProgressPanel(plan, stop=run.request_stop, failed=self.fail)
        self._box = VBox([self.asking.widget])
        self.output = Twin(self._box, waiting(run, plan))

    @property
    def running(self) -> bool:
        """Whether the plan is being applied now."""
        return self._worker.running

    def approve(self, by: str, lasts: timedelta, typed: Iterable[str], key: str = "") -> None:
        """Approve and begin; a second call does nothing.

        Raises:
            ConfigError: the key can't be used.
            ApprovalRejected: the signature is not of someone who may approve here.

        """
        if self._approval is None:
            made = approvals.approve(self.plan, by=by, lasts=lasts, confirmations=typed)
            made = made.signed(Path(key).expanduser()) if key else made
            if self._signers is not None:
                made.check(self.plan, allowed_signers=self._signers)
            self._approval = made
            self._box.children = (self.progress.widget,)
            self.output.tell(self.progress.static())
            self._worker.start()

    def tell(self, progress: "Progress") -> None:
        """Show where the run stands; what is saved follows at each phase."""
        if self.progress.tell(progress):
            self.output.tell(self.progress.static())

    def fail(self, error: OpsError) -> None:
        """Show what went wrong as a failed step, and end the panel."""
        if error.__cause__ is not None:
            self._run.folder.log_text("".join(traceback.format_exception(error.__cause__)))
        self._run.folder.update(error=note(error))
        self.progress.fail(error)
        steps = self.progress.static()
        html = cards.error("Not applied to the end", error.to_dict())
        self.output.settle(Static(join((html, steps.html)), f"Not applied to the end: {error}\n{steps.text}"))

    def join(self, seconds: float) -> bool:
        """Wait until the plan is no longer being applied; whether it is so."""
        return self._worker.join(seconds)

    def _apply(self) -> None:
        assert self._approval is not None  # noqa: S101 - `approve` sets it before the worker starts
        self._end(self._run.perform(self._approval))

    def _end(self, outcome: "Outcome") -> None:
        applied = self._run.presenter.applied(self._run, outcome)
        next_cell = cards.note("Next", "Run the next cell, run.verify(), to read the system again.")
        self.output.settle(Static(join((applied.html, next_cell.html)), f"{applied.text}\n{next_cell.text}"))
