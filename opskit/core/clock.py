"""Time that only goes forward, and goes on while the machine sleeps or the process is stopped."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds since some fixed moment, unmoved by anyone who sets the wall clock.

    A closed laptop's lid stops `time.monotonic` on Linux, but no lease that others wait for.
    """
    return time.clock_gettime(_CLOCK)
