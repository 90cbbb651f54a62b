"""What a journal tells of each step, so that another process can go on from there."""

from collections.abc import Iterable
from typing import Any, Literal

from opskit.core.chain import Record
from opskit.core.findings import Data

Reached = Literal["nothing", "skipped", "already", "open", "acknowledged", "done"]
"""`open`: an act was announced, and nothing tells what became of it."""

UNDO = "undo-"
"""Prefix of the phases of taking a step back."""

_REACHES: dict[str, Reached] = {
    "skipped": "skipped",
    "already": "already",
    "intent": "open",
    "declined": "nothing",
    "acknowledged": "acknowledged",
    "done": "done",
}


class Way(Data, frozen=True):
    """How far a step came on its way forth, or back."""

    reached: Reached = "nothing"
    intent: dict[str, Any] | None = None
    """What was announced, see `acting.announced`."""
    acted: bool = False
    """Whether an act of it may have had an effect."""
    text: str = ""

    @property
    def begun(self) -> bool:
        """Whether it came further than being looked at."""
        return self.acted or self.reached not in {"nothing", "skipped"}


class Trace(Data, frozen=True):
    """A step's way forth and back."""

    forth: Way = Way()
    back: Way = Way()


def traces(records: Iterable[Record]) -> dict[str, Trace]:
    """Each step's trace, by its id."""
    found: dict[str, Trace] = {}
    for record in records:
        if record.step:
            trace = found.get(record.step, Trace())
            found[record.step] = _after(trace, record)
    return found


def finished(records: Iterable[Record]) -> bool:
    """Whether the run came to its end."""
    return any(record.phase == "finished" for record in records)


def turned_back(records: Iterable[Record]) -> bool:
    """Whether somebody began to take the run back."""
    return any(record.phase == "undoing" for record in records)


def _after(trace: Trace, record: Record) -> Trace:
    if record.phase.startswith(UNDO):
        return Trace(forth=trace.forth, back=_way(trace.back, record.phase.removeprefix(UNDO), record.data))
    forth = _way(trace.forth, record.phase, record.data)
    # A step that is done once more after it was taken back can be taken back once more.
    back = Way() if record.phase == "intent" else trace.back
    return Trace(forth=forth, back=back)


def _way(way: Way, phase: str, data: dict[str, Any]) -> Way:
    reached = _REACHES.get(phase)
    if phase == "read-back" and data.get("outcome") == "not applied":
        reached = "nothing"
    if phase == "settled":
        reached = "acknowledged" if data.get("outcome") == "done" else "nothing"
    if reached is None:
        return way
    return Way(
        reached=reached,
        intent=data if phase == "intent" else way.intent,
        acted=way.acted or reached == "acknowledged",
        text=str(data.get("text", way.text)),
    )
