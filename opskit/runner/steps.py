"""What became of each step, with times, as the journal tells."""

from collections.abc import Iterable
from datetime import datetime

from opskit.core.chain import Record
from opskit.core.errors import OpsError
from opskit.core.findings import Data
from opskit.core.history import Trace, traces
from opskit.core.journal import read
from opskit.core.plan import Plan
from opskit.runner.folder import RunFolder

_FORTH = {
    "nothing": "not begun",
    "skipped": "nothing to do",
    "already": "held already",
    "open": "unknown",
    "acknowledged": "acted, not seen yet",
    "done": "done",
}


class StepTimes(Data, frozen=True):
    """One step of a run."""

    id: str
    title: str
    state: str
    began: datetime | None = None
    seconds: float | None = None
    """From its first record to its last."""


def of(folder: RunFolder, plan: Plan) -> tuple[list[StepTimes], str]:
    """Every step of a plan, and what is wrong with the journal ("" when it is sound)."""
    if not folder.journal.exists():
        return [], ""
    try:
        records = read(folder.journal, run=folder.read().run)
    except (OpsError, OSError) as error:
        return [], str(error)
    return times(records, plan), ""


def times(records: Iterable[Record], plan: Plan) -> list[StepTimes]:
    """Pure: every step of the plan, in its order."""
    every = list(records)
    found = traces(every)
    return [
        _step(
            step.id, step.title, found.get(step.id, Trace()), [each for each in every if each.step == step.id]
        )
        for step in plan.steps
    ]


def _step(name: str, title: str, trace: Trace, records: list[Record]) -> StepTimes:
    state = "undone" if trace.back.reached in ("done", "already") else _FORTH[trace.forth.reached]
    if not records:
        return StepTimes(id=name, title=title, state=state)
    began, ended = datetime.fromisoformat(records[0].at), datetime.fromisoformat(records[-1].at)
    return StepTimes(id=name, title=title, state=state, began=began, seconds=(ended - began).total_seconds())
