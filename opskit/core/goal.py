"""The goal of a plan, read from the system at the end: what a run is judged by."""

from collections.abc import Callable

from opskit.core.errors import DeadlineExceeded, StepFailed
from opskit.core.plan import Condition
from opskit.core.progress import GoalState, Progress
from opskit.core.tools import Read, Tools, text_of, unmet
from opskit.core.wait import until

SECONDS = 60.0
"""How long the goal may take to be seen once the last step is done."""


def reach(
    tools: Tools, goal: tuple[Condition, ...], *, seen: Callable[[tuple[GoalState, ...]], None]
) -> None:
    """Read the goal until it holds.

    Args:
        tools: the run's parts.
        goal: the plan's.
        seen: told of each state that is read.

    Raises:
        StepFailed: it does not hold, though all steps are done.
        Stopped: somebody asked to stop.

    """
    total = len(tools.plan.steps)
    at = Progress(
        step="", title="Goal", index=total, total=total, phase="", text="", deadline_seconds=SECONDS
    )

    def read() -> Read:
        found = tools.read(goal, "reading the goal")
        seen(tuple(GoalState(text=text_of(each), ok=held.ok, state=held.state) for each, held in found))
        return found

    try:
        until(
            read,
            lambda found: not unmet(found),
            deadline=SECONDS,
            watch=lambda found, waited: tools.tell(
                at, "goal", unmet(found) or "the goal is reached", waited_seconds=waited
            ),
            unread=lambda error, waited: tools.tell(at, "no answer", error.what, waited_seconds=waited),
            stop=tools.stop,
            show=unmet,
            what="the goal",
        )
    except DeadlineExceeded as error:
        raise StepFailed(
            f"All steps are done, but the goal is not reached: {error.what}",
            where=tools.plan.title,
            hint=f"look at what keeps it; `opskit verify {tools.journal.run}` reads it again",
        ) from error
