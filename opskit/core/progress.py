"""What a run tells while it lasts, and how it ended."""

from collections.abc import Callable
from typing import Any, Literal

from opskit.core.findings import Data

State = Literal["pending", "skipped", "already", "done", "acknowledged", "failed", "unknown", "undone"]
"""Of a step. `already`: its postcondition held before it acted. `acknowledged`: the server accepted
the act, and its postcondition has not been seen yet. `unknown`: an act without an answer."""

Status = Literal["done", "nothing-to-do", "undone", "stopped", "failed", "unknown", "refused"]


class Progress(Data, frozen=True):
    """Where a run stands, for widgets and terminals."""

    step: str
    """The step's id; empty before the first and after the last."""
    title: str
    index: int
    """From 1."""
    total: int
    phase: str
    """`locking`, `checking`, `acting`, `waiting`, `no answer`, `done`, `already`, `undoing`, `goal`, …"""
    text: str
    """One sentence for a person."""
    waiting_for: str = ""
    waited_seconds: float = 0.0
    deadline_seconds: float = 0.0


Watch = Callable[[Progress], None]


class StepState(Data, frozen=True):
    """One step at the end of a run."""

    id: str
    title: str
    state: State
    text: str = ""
    """Why it was skipped, what was read, or what went wrong."""


class GoalState(Data, frozen=True):
    """One condition of the goal, read at the end."""

    text: str
    ok: bool
    state: str
    """What was read."""


class Outcome(Data, frozen=True):
    """How a run ended."""

    run: str
    status: Status
    text: str
    """One sentence for a person."""
    steps: tuple[StepState, ...] = ()
    goal: tuple[GoalState, ...] = ()
    error: dict[str, Any] | None = None
    """`OpsError.to_dict()` of what ended the run."""
    undoable: tuple[str, ...] = ()
    """Steps in place that `opskit undo` takes back, last first."""
    exit_code: int = 0
