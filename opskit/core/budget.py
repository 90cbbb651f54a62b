"""One budget of time for many reads: what is left bounds each of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from opskit.core.errors import DeadlineExceeded
from opskit.core.reads import (
    Answer,
    Answers,
    ClusterInfo,
    ListObjects,
    Place,
    Read,
    Reader,
    RunTool,
    Session,
)


class Budget:
    """A reader whose reads all end when the budget does.

    Args:
        reader: what reads; it stays open.
        seconds: from now.
        what: what the time is given for, e.g. `rook`; for messages.
        clock: seconds that only go forward.

    """

    def __init__(
        self, reader: Reader, seconds: float, *, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.reader = reader
        self._seconds = seconds
        self._what = what
        self._clock = clock
        self._until = clock() + seconds

    def info(self) -> ClusterInfo:
        """What answers."""
        return self.reader.info()

    def now(self) -> datetime:
        """The present, or the moment of the snapshot."""
        return self.reader.now()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        """The list's pages.

        Raises:
            DeadlineExceeded: also when the budget is spent.

        """
        return self.reader.pages(read, deadline=self._within(deadline))

    def answer(self, read: Read, *, deadline: float) -> Answer:
        """One answer.

        Raises:
            DeadlineExceeded: also when the budget is spent.

        """
        return self.reader.answer(read, deadline=self._within(deadline))

    def answers(
        self, reads: Sequence[RunTool], session: Session, *, place: Place, deadline: float
    ) -> Answers:
        """Several tools' answers."""
        return self.reader.answers(reads, session, place=place, deadline=self._within(deadline))

    def close(self) -> None:
        """Nothing: the reader belongs to who made it."""

    def _within(self, deadline: float) -> float:
        left = self._until - self._clock()
        if left <= 0:
            raise DeadlineExceeded(
                f"The {self._seconds:g} s for reading {self._what} are over, so this was not asked.",
                sent=False,
                hint="allow more time, or look why its servers answer slowly",
            )
        return min(deadline, left)
