"""One act, before it is done: what, on which target, until when, and what the journal keeps of it."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from opskit.core.clock import elapsed
from opskit.core.plan import Action, Call, Condition, Run, Target
from opskit.core.progress import Progress
from opskit.core.writes import Prepared


def announced(prepared: Prepared) -> dict[str, object]:
    """What the journal keeps of an act before it is sent. What it sends stands in the plan."""
    request = prepared.request
    return {
        "action": type(prepared.action).__name__.lower(),
        "target": str(prepared.target),
        "request": f"{request.method} {request.path}" if request else "",
        "seen": msgspec.to_builtins(prepared.seen),
        "changes": msgspec.to_builtins(prepared.changes),
    }


@dataclass(frozen=True)
class Deed:
    """What is to be done once."""

    step: str
    action: Action
    target: Target
    postcondition: tuple[Condition, ...]
    over: float
    """When its deadline passes, on the clock of `clock.elapsed`."""
    at: Progress
    prefix: str = ""
    """Of its phases in the journal."""
    review: Callable[[Prepared], None] = lambda _: None
    """Raises when what would change is not what was reviewed."""

    @property
    def left(self) -> float:
        """Seconds until its deadline."""
        return self.over - elapsed()

    @property
    def kubernetes(self) -> bool:
        """Whether it is a write to the API server."""
        return not isinstance(self.action, Run | Call)
