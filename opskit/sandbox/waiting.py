"""Waiting on predicates: never on time alone."""

import time
from collections.abc import Callable

from opskit.core.errors import DeadlineExceeded, OpsError


def wait_until(
    holds: Callable[[], bool],
    *,
    what: str,
    deadline: float,
    every: float = 0.1,
    state: Callable[[], str] = lambda: "",
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Ask again and again until the predicate holds.

    An `OpsError` inside the predicate means "not yet"; the last one is told when the time is up.

    Args:
        holds: the predicate.
        what: what is waited for, as the end of "Gave up waiting until …".
        deadline: seconds.
        every: seconds between two questions.
        state: the last state, for the message.
        stop: gives up early when it becomes true.

    Raises:
        DeadlineExceeded: with the last state.

    """
    end = time.monotonic() + deadline
    last: OpsError | None = None
    while True:
        try:
            if holds():
                return
            last = None
        except OpsError as error:
            last = error
        if time.monotonic() >= end or stop():
            break
        time.sleep(every)
    raise DeadlineExceeded(
        f"Gave up waiting until {what} ({deadline:.0f} s).",
        where=str(last) if last else state(),
        hint="`opskit sandbox status` shows each part and its log.",
    )
