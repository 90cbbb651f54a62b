"""Reads are asked again within a budget, so that a sick server is not beaten to death."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from opskit.core.errors import DeadlineExceeded, OpsError, Unreachable, Untrusted

T = TypeVar("T")

ATTEMPTS = 6
"""Tries of one read, the first included: of a server that fails 30 % of them, 0.1 % of reads fail."""
SHARES = (0.25, 0.5, 1.0)
"""Part of the remaining time that each try may take, so that one slow answer does not use up all."""


class Budget:
    """Retries that are left: each read earns one, each retry costs one.

    Requests are thus at most twice the reads, and the reserve.

    Args:
        reserve: retries before the first success.
        ceiling: the most that can be saved up.

    """

    def __init__(self, *, reserve: float = 10.0, ceiling: float = 100.0) -> None:
        self._left = reserve
        self._ceiling = ceiling
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A read begins."""
        with self._lock:
            self._left = min(self._ceiling, self._left + 1)

    def spend(self) -> bool:
        """Take one retry, if there is one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Again(Exception):
    """An answer that asks for another try.

    Args:
        error: what to raise when there is no other try.
        after: seconds that the server asks to wait.

    """

    def __init__(self, error: OpsError, *, after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


NoAnswer = Unreachable | DeadlineExceeded


def anything(_: NoAnswer) -> bool:
    """A read may be asked again, whatever became of it."""
    return True


def never_sent(error: NoAnswer) -> bool:
    """Only what the server can't have got may be tried again."""
    return error.sent is False


def broke_off(error: NoAnswer) -> bool:
    """Only where the connection broke once it stood; what comes before that was tried again already."""
    return isinstance(error, Unreachable) and error.sent is not False


def retried(
    attempt: Callable[[float], T],
    *,
    deadline: float,
    budget: Budget,
    shares: Sequence[float] = SHARES,
    passes: Callable[[NoAnswer], bool] = anything,
) -> T:
    """Call `attempt(timeout)` until it answers.

    Args:
        attempt: one try with its time-out in seconds; it raises `Again`, `Unreachable` or
            `DeadlineExceeded` for what may pass.
        deadline: seconds for all tries and pauses together.
        budget: the reader's retries.
        shares: part of the remaining time for each try; the last one counts for all that follow.
        passes: whether a missing answer is worth another try.

    Raises:
        Unreachable, DeadlineExceeded: as of the last try; the message tells how many there were.

    """
    from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception

    until = time.monotonic() + deadline

    def hopeless(state: RetryCallState) -> bool:
        late = time.monotonic() + state.upcoming_sleep >= until
        return late or state.attempt_number >= ATTEMPTS or not budget.spend()

    budget.earn()
    tries = Retrying(
        stop=hopeless,
        wait=lambda state: _pause(state.attempt_number, _raised(state.outcome)),
        retry=retry_if_exception(lambda error: _passes(error, passes)),
    )
    parts = iter(shares)
    try:
        return tries(lambda: attempt(max(0.05, (until - time.monotonic()) * next(parts, shares[-1]))))
    except RetryError as spent:
        raise _final(_raised(spent.last_attempt), spent.last_attempt.attempt_number, deadline) from None


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header; 0 when there is none, or when it is a date."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() and value.isascii() else 0.0


def _passes(error: BaseException, passes: Callable[[NoAnswer], bool]) -> bool:
    if isinstance(error, Untrusted):
        return False
    if isinstance(error, Unreachable | DeadlineExceeded):
        return passes(error)
    return isinstance(error, Again)


def _raised(outcome: object) -> BaseException | None:
    from tenacity import Future

    return outcome.exception() if isinstance(outcome, Future) else None


def _pause(attempt: int, error: BaseException | None) -> float:
    """Full jitter over a doubling wait; never sooner than the server asked."""
    asked = error.after if isinstance(error, Again) else 0.0
    return asked + random.uniform(0, min(2.0, 0.05 * 2**attempt))  # noqa: S311 - no secret depends on it


def _final(raised: BaseException | None, tries: int, deadline: float) -> BaseException:
    error = raised.error if isinstance(raised, Again) else raised
    if isinstance(error, OpsError) and tries > 1:
        error.what = f"{error.what.rstrip('.')} ({tries} tries within {round(deadline, 1):g} s)."
    return error or DeadlineExceeded("No try was made.")
