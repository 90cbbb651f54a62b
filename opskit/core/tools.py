"""What every part of a run works with, handed around as one value."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions, Held
from opskit.core.journal import Journal
from opskit.core.lock import LeaseLock
from opskit.core.plan import Condition, Plan
from opskit.core.progress import Progress, Watch
from opskit.core.wait import Stop, interruptibly
from opskit.core.writes import Writer

GRACE = 6.0
"""Seconds that a call to a server may go on after a stop request, before it is left behind."""

READING = 1.0
"""The same for a call that only reads, which leaves nothing behind."""

Boundary = Callable[[str], None]
"""Told of each point at which a crash leaves another trace: `intent`, `send`, `ack`, `commit`."""

Read = tuple[tuple[Condition, Held], ...]


def pass_by(_: str) -> None:
    """Nothing is to happen at a boundary."""


@dataclass(frozen=True)
class Tools:
    """One run's parts."""

    plan: Plan
    cluster: Cluster
    conditions: Conditions
    writer: Writer
    journal: Journal
    lock: LeaseLock
    stop: Stop
    watch: Watch
    boundary: Boundary

    def tell(self, at: Progress, phase: str, text: str, **details: str | float) -> None:
        """Show where the run stands."""
        self.watch(replace(at, phase=phase, text=text, **details))

    def read(self, conditions: tuple[Condition, ...], doing: str) -> Read:
        """Read conditions now; a stop request interrupts a server that does not answer.

        Raises:
            Stopped, ReadError.

        """
        return interruptibly(
            lambda: tuple((each, self.conditions.read(self.cluster, each)) for each in conditions),
            stop=self.stop,
            grace=READING,
            doing=doing,
        )


def unmet(read: Read) -> str:
    """Those that do not hold, for a person; empty when all hold."""
    return "; ".join(f"{text_of(condition)}: {held.state}" for condition, held in read if not held.ok)


def in_vain(read: Read) -> str | None:
    """Why waiting for these is in vain; None while it is not."""
    return "; ".join(held.state for _, held in read if held.vain and not held.ok) or None


def states(read: Read) -> list[dict[str, object]]:
    """For the journal."""
    return [{"name": c.name, "arguments": c.arguments, "ok": h.ok, "state": h.state} for c, h in read]


def text_of(condition: Condition) -> str:
    """What a person reads."""
    return condition.text or condition.name
