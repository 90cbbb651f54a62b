"""The progress panel: every step, what is waited for and why, how long, and a button that stops."""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ipywidgets import HTML, Button, Layout, VBox

from opskit.core.errors import OpsError
from opskit.core.plan import Plan
from opskit.runner.cards import Static
from opskit.runner.html import Html, el, table
from opskit.widgets.callbacks import guarded
from opskit.widgets.dom import LiveRegion
from opskit.widgets.frame import framed_widget

if TYPE_CHECKING:
    from opskit.core.progress import Progress

MARKS = {
    "pending": "○ to do",
    "checking": "◐ checking",
    "acting": "◐ acting",
    "waiting": "◐ waiting",
    "no answer": "◐ no answer",
    "undoing": "◐ taking back",
    "done": "✓ done",
    "already": "✓ was so already",
    "skipped": "– nothing to do",
    "failed": "✗ failed",
}
"""What a phase looks like: a sign and a word, so that colour is not needed."""

ENDED = frozenset({"done", "already", "skipped", "failed"})


class ProgressPanel:
    """Shows where the run stands.

    Args:
        plan: whose steps are applied.
        stop: asks to stop at the next step boundary.
        failed: told when a callback fails.

    """

    def __init__(self, plan: Plan, *, stop: Callable[[], None], failed: Callable[[OpsError], None]) -> None:
        self._plan = plan
        self._stop = stop
        self._lock = threading.Lock()
        self._phases = {
            step.id: ("skipped", step.skip) if step.skip else ("pending", "") for step in plan.steps
        }
        self._now: Progress | None = None
        self._stopping = False
        self._steps = HTML()
        starting = "Starting: planning once more and asking for the lock."
        self.live = LiveRegion(text=starting, take_focus=True)
        self.stop_button = Button(
            description="Stop after this step",
            tooltip="Ends at the next step boundary; opskit resume goes on from there",
            layout=Layout(width="auto", margin="8px 0 0 0", align_self="flex-start"),
        )
        self.stop_button.on_click(guarded(self.ask_to_stop, failed))
        self.widget = framed_widget(
            VBox([HTML(el("h2", "Applying")), self.live, self._steps, self.stop_button])
        )
        self._draw()

    def tell(self, progress: "Progress") -> bool:
        """Take in where the run stands.

        Returns:
            Whether a step entered another phase, so that it is worth saving.

        """
        with self._lock:
            before = self._phases.get(progress.step)
            if progress.step in self._phases:
                self._phases[progress.step] = (progress.phase, progress.text)
            self._now = progress
            self.live.text = sentence(progress, stopping=self._stopping)
            self._draw()
            return before is None or before[0] != progress.phase

    def ask_to_stop(self) -> None:
        """Stop at the next step boundary."""
        self._stop()
        with self._lock:
            self._stopping = True
            self.stop_button.disabled = True
            self.stop_button.description = "Stopping after this step"
            self.live.text = "Stopping: the step at hand is finished first."

    def fail(self, error: OpsError) -> None:
        """Mark the step at hand as failed; with none at hand, say so above the steps."""
        with self._lock:
            step = self._now.step if self._now else ""
            if step in self._phases and self._phases[step][0] not in ENDED:
                self._phases[step] = ("failed", str(error))
            self.live.text = f"Failed: {error}"
            self._draw()

    def static(self) -> Static:
        """The same without a kernel."""
        head = self.live.text
        html = el("section", el("h2", "Applying"), el("p", head), self._table())
        return Static(
            html, "\n".join([f"Applying: {head}", *(f"  {' | '.join(row)}" for row in self._rows())])
        )

    def _draw(self) -> None:
        self._steps.value = self._table()

    def _table(self) -> Html:
        rows = (
            (step, el("span", state, style="white-space:nowrap"), text) for step, state, text in self._rows()
        )
        return table("Steps", ("Step", "State", "What is known"), rows)

    def _rows(self) -> Iterable[tuple[str, str, str]]:
        for number, step in enumerate(self._plan.steps, 1):
            phase, text = self._phases[step.id]
            yield f"{number}. {step.title}", MARKS.get(phase, phase), text


def sentence(progress: "Progress", *, stopping: bool = False) -> str:
    """What is read aloud: the step, what is waited for, how long it took and how long it may take."""
    step = f"Step {progress.index} of {progress.total}: {progress.title}. " if progress.step else ""
    said = progress.text.rstrip(".")
    wait = f" for {progress.waiting_for}" if progress.waiting_for and progress.waiting_for not in said else ""
    clock = f" ({progress.waited_seconds:.0f} s of at most {progress.deadline_seconds:.0f} s)"
    timed = clock if progress.deadline_seconds else ""
    return f"{step}{said}{wait}{timed}.{' Stopping after this step.' if stopping else ''}"
