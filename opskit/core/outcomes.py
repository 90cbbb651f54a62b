"""From a journal to what a person is told: pure, so that a run and its later reading can't differ."""

from collections.abc import Iterable, Sequence

from opskit.core.chain import Record
from opskit.core.errors import OpsError, OutcomeUnknown, StepFailed, Stopped
from opskit.core.history import Trace, traces
from opskit.core.plan import Plan, Step
from opskit.core.progress import GoalState, Outcome, State, Status, StepState

REFUSED = 5
"""Exit code of what was refused before anything was changed."""

_STATES: dict[str, State] = {
    "nothing": "pending",
    "skipped": "skipped",
    "already": "already",
    "open": "unknown",
    "acknowledged": "acknowledged",
    "done": "done",
}


def outcome(
    plan: Plan,
    records: Sequence[Record],
    *,
    run: str,
    error: OpsError | None,
    failed: str = "",
    since: int = 0,
    goal: tuple[GoalState, ...] = (),
    undone: bool = False,
) -> Outcome:
    """How a run ended.

    Args:
        plan: what was applied.
        records: its journal.
        run: its id.
        error: what ended it, if it did not come to its end.
        failed: the step that it ended at.
        since: number of records that were there before; what they tell was not done by this call.
        goal: the goal as it was read at the end.
        undone: whether it was to be taken back.

    """
    found = traces(records)
    steps = tuple(
        _state(step, found.get(step.id, Trace()), error if step.id == failed else None) for step in plan.steps
    )
    left = undoable(plan, found)
    status = _status(found, error, undone=undone, now=acted(traces(records[since:]).values()))
    return Outcome(
        run=run,
        status=status,
        text=_text(plan, steps, error, left, run, status),
        steps=steps,
        goal=goal,
        error=None if error is None else error.to_dict() | {"exit_code": _exit_code(status, error)},
        undoable=left,
        exit_code=0 if error is None else _exit_code(status, error),
    )


def undoable(plan: Plan, found: dict[str, Trace]) -> tuple[str, ...]:
    """Steps in place that can be taken back, last first."""
    return tuple(step.id for step in reversed(plan.steps) if step.undo and in_place(found.get(step.id)))


def in_place(trace: Trace | None) -> bool:
    """Whether a step's effect may be there, by this run's doing."""
    if trace is None or trace.back.reached in {"done", "already"}:
        return False
    return trace.forth.acted or trace.forth.reached == "open"


def acted(found: Iterable[Trace]) -> bool:
    """Whether anything may have been changed."""
    return any(way.acted or way.reached == "open" for trace in found for way in (trace.forth, trace.back))


def _state(step: Step, trace: Trace, error: OpsError | None) -> StepState:
    state = "undone" if trace.back.reached in {"done", "already"} else _STATES[trace.forth.reached]
    text = trace.forth.text
    if error is not None and not isinstance(error, Stopped):
        state = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
        text = str(error)
    return StepState(id=step.id, title=step.title, state=state, text=step.skip or text)


def _status(found: dict[str, Trace], error: OpsError | None, *, undone: bool, now: bool) -> Status:
    if isinstance(error, Stopped):
        return "stopped"
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    if error is not None:
        return "failed" if now or isinstance(error, StepFailed) else "refused"
    if undone:
        return "undone"
    return "done" if any(trace.forth.reached == "done" for trace in found.values()) else "nothing-to-do"


def _exit_code(status: Status, error: OpsError) -> int:
    if isinstance(error, Stopped):
        return error.signal_exit_code
    if status == "failed":
        return StepFailed.exit_code
    return REFUSED if error.exit_code == StepFailed.exit_code else error.exit_code


def _text(
    plan: Plan,
    steps: tuple[StepState, ...],
    error: OpsError | None,
    left: tuple[str, ...],
    run: str,
    status: Status,
) -> str:
    if error is not None:
        undo = f" In place: {', '.join(reversed(left))}; `opskit undo {run}` takes it back." if left else ""
        more = " more" if left else ""
        nothing = f" Nothing{more} was changed." if status == "refused" else ""
        return f"{error}{nothing}{undo}"
    if status == "undone":
        return _taken_back(plan, steps)
    if status == "nothing-to-do":
        return plan.nothing_to_do or "Every step was in place already."
    return f"All {len(steps)} steps are done."


def _taken_back(plan: Plan, steps: tuple[StepState, ...]) -> str:
    back = ", ".join(each.id for each in steps if each.state == "undone") or "nothing"
    stays = [
        f"{step.id} ({step.no_undo or 'it has no undo'})"
        for step, state in zip(plan.steps, steps, strict=True)
        if state.state in {"done", "acknowledged"}
    ]
    return f"Taken back: {back}." + (f" Can't be taken back: {'; '.join(stays)}." if stays else "")
