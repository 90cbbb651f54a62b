"""What a cell shows. `Run` never draws: it hands its state to a presenter.

The static presenter, here, serves headless runs, saved notebooks and reports; the interactive one
lives in `opskit.widgets`.
"""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.session import Run
    from opskit.runner.verdict import Verdict


class Presenter(Protocol):
    """Each method returns what the cell displays: anything with `_repr_mimebundle_`.

    The data stand on the run: `run.found`, `run.planned`, `run.outcome`, `run.judged`.
    """

    interactive: bool
    """Whether `approval` can be answered by a click; else an approval file is needed."""

    def opened(self, run: "Run", /) -> Any:
        """What was opened: runbook, parameters, which cluster answers."""
        ...

    def findings(self, run: "Run", /) -> Any:
        """`run.found`, worst first."""
        ...

    def plan(self, run: "Run", /) -> Any:
        """`run.planned`: steps, diffs, goal."""
        ...

    def approval(self, run: "Run", /) -> Any:
        """Ask for an approval of `run.planned`; the click calls `run.perform(approval)`."""
        ...

    def planned_only(self, run: "Run", why: str, /) -> Any:
        """The plan stays a plan: nothing to do, a snapshot, or only a plan was asked for."""
        ...

    def progress(self, run: "Run", progress: "Progress", /) -> None:
        """Called by the engine, in the thread that applies, at each step's phases and in waits."""
        ...

    def applied(self, run: "Run", outcome: "Outcome", /) -> Any:
        """How applying ended, step by step."""
        ...

    def verdict(self, run: "Run", verdict: "Verdict", /) -> Any:
        """What is true at the end."""
        ...
