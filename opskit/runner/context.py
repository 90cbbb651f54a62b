"""How a kernel learns that it is led by a runner: run folder, approval, deadline, mode.

The runner sets it before the first cell. A kernel without it is interactive.
"""

import os
import select
import signal
import threading
import time
from contextlib import suppress
from typing import Literal

import msgspec

from opskit.core.findings import Data


class Context(Data, frozen=True):
    """What a headless run was told."""

    folder: str
    """The run folder."""
    notebook: str
    """The runbook's file."""
    until: float
    """`time.monotonic()` at which the whole run must have ended; the clock is the machine's."""
    leader: int
    """The runner's process id: when it dies, the kernel dies at once."""
    action: Literal["run", "plan"] = "run"
    approval: str = ""
    """The approval's file."""
    take_over: bool = False
    """Whether the lock of an unfinished run may be taken over."""
    fail_on: str = ""
    """The severity at which findings make the exit code 3."""

    @property
    def left(self) -> float:
        """Seconds until the deadline; never negative."""
        return max(0.0, self.until - time.monotonic())


_current: Context | None = None


def current() -> Context | None:
    """The runner's context, or None in an interactive kernel."""
    return _current


def enter(text: str) -> None:
    """Become a headless kernel.

    Args:
        text: a `Context` as JSON.

    """
    global _current
    _current = msgspec.json.decode(text, type=Context)
    threading.Thread(target=_die_with, args=(_current.leader,), name="opskit-lifeline", daemon=True).start()


def leave() -> None:
    """Become interactive again."""
    global _current
    _current = None


def _die_with(leader: int) -> None:
    """End this process as soon as the leader is gone: nobody would hear of what it does."""
    with suppress(ProcessLookupError):
        number = os.pidfd_open(leader)
        gone = select.poll()
        gone.register(number, select.POLLIN)
        gone.poll()
    os.kill(os.getpid(), signal.SIGKILL)
