"""Waiting on predicates: never on time alone."""

import os
import time
from collections.abc import Callable

from opskit.core.errors import DeadlineExceeded, OpsError

PATIENCE = "OPSKIT_PATIENCE"
"""The environment variable that stretches every deadline of the sandbox: 3 on a machine that is that slow."""


def patience() -> float:
    """How much longer than usual to wait; 1 unless OPSKIT_PATIENCE says more."""
    try:
        return max(1.0, float(os.environ.get(PATIENCE, "1")))
    except ValueError:
        return 1.0


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
        deadline: seconds; OPSKIT_PATIENCE stretches them.
        every: seconds between two questions.
        state: the last state, for the message.
        stop: gives up early when it becomes true.

    Raises:
        DeadlineExceeded: with the last state.

    """
    deadline *= patience()
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
