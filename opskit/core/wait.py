"""Waiting for a system: predicates over a typed state, never a bare sleep."""

import threading
from collections.abc import Callable
from typing import TypeVar

from opskit.core.clock import elapsed
from opskit.core.errors import (
    DeadlineExceeded,
    Forbidden,
    ReadError,
    StepFailed,
    Stopped,
    Unauthorized,
)

T = TypeVar("T")

Stop = Callable[[], "str | None"]
"""Who asks to stop: `SIGINT`, `SIGTERM` or `button`; None: nobody."""

FIRST, LONGEST = 0.2, 5.0
"""Seconds between two reads: doubling from the first to the longest."""
LOOK = 0.2
"""Seconds between two looks at `stop`."""


def never() -> str | None:
    """Nobody asks to stop."""
    return None


def until(
    read: Callable[[], T],
    ready: Callable[[T], bool],
    *,
    deadline: float,
    failed: Callable[[T], str | None] | None = None,
    watch: Callable[[T, float], None] | None = None,
    unread: Callable[[ReadError, float], None] | None = None,
    stop: Stop = never,
    show: Callable[[T], str] = str,
    what: str = "the expected state",
) -> T:
    """Read until the state is ready.

    Args:
        read: reads the state; errors of reading are waited out, except those of credentials.
        ready: whether this is it.
        deadline: seconds.
        failed: why waiting any longer is in vain; None while it is not.
        watch: called with each state and the seconds waited.
        unread: called with each error of reading that is waited out, and the seconds waited.
        stop: who asks to stop; looked at every 0.2 s.
        show: the state for a person.
        what: what is waited for, for messages.

    Returns:
        The state that is ready.

    Raises:
        DeadlineExceeded: not ready in time; shows the last state.
        StepFailed: `failed` gave a reason.
        Stopped: `stop` did.
        Forbidden, Unauthorized: the state may not be read.

    """
    began, pause = elapsed(), FIRST
    last = "nothing could be read"
    while True:
        try:
            state = read()
        except (Forbidden, Unauthorized):
            raise
        except ReadError as error:
            last = str(error)
            if unread:
                unread(error, elapsed() - began)
        else:
            last = show(state)
            waited = elapsed() - began
            if watch:
                watch(state, waited)
            if ready(state):
                return state
            if failed and (reason := failed(state)) is not None:
                raise StepFailed(f"Waiting for {what} is in vain: {reason}", hint="mend that, then resume")
        left = deadline - (elapsed() - began)
        if left <= 0:
            raise DeadlineExceeded(
                f"{what[:1].upper()}{what[1:]} did not come within {deadline:g} s. Last seen: {last}",
                hint="look at what keeps it; resume goes on waiting",
            )
        rest(min(pause, left), stop, f"waiting for {what}")
        pause = min(LONGEST, pause * 2)


def rest(seconds: float, stop: Stop, doing: str) -> None:
    """Pause, and look at `stop` meanwhile.

    Raises:
        Stopped: it said so.

    """
    over = elapsed() + seconds
    while True:
        require_go(stop, doing)
        left = over - elapsed()
        if left <= 0:
            return
        threading.Event().wait(min(LOOK, left))


def require_go(stop: Stop, doing: str) -> None:
    """Raise Stopped if somebody asks to stop."""
    if (by := stop()) is not None:
        raise Stopped(f"Stopped by {by} while {doing}.", by=by, hint="resume goes on from here")


def interruptibly(call: Callable[[], T], *, stop: Stop, grace: float, doing: str) -> T:
    """Run a call that may block, in a thread, so that a stop request is answered in time.

    Args:
        call: the call.
        stop: who asks to stop.
        grace: seconds that the call may still take after the request; then it is left behind.
        doing: for the message.

    Raises:
        Stopped: the call was left behind; what it did is unknown.

    """
    ended = threading.Event()
    answer: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, name=doing, daemon=True).start()
    while not ended.wait(LOOK):
        if stop() is not None and not ended.wait(grace):
            require_go(stop, doing)
            raise Stopped(f"Stopped while {doing}.", by="button")
    if raised:
        raise raised[0]
    return answer[0]
