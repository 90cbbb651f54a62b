"""Who asks a run to stop: SIGINT, SIGTERM, the deadline. Asked once, it stays asked."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType

from opskit.runner.folder import RunFolder, StopReason

_SIGNALS: dict[signal.Signals, StopReason] = {
    signal.SIGINT: "SIGINT",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "SIGTERM",
}


class Stopper:
    """Takes the first request to stop, writes it into the run folder, and tells who listens."""

    def __init__(self) -> None:
        self.reason: StopReason | None = None
        self._folder: RunFolder | None = None
        self._listener: Callable[[], object] | None = None

    def into(self, folder: RunFolder) -> None:
        """From now on, requests are written into this run folder; so is one that came before."""
        self._folder = folder
        if self.reason:
            self._write()

    def request(self, reason: StopReason) -> None:
        """Ask to stop. Only the first reason counts."""
        if self.reason is None:
            self.reason = reason
            self._write()
        if self._listener:
            self._listener()

    @contextmanager
    def heard_by(self, listener: Callable[[], object]) -> Generator[None]:
        """Call the listener at each request, and at once if there was one; it must be quick."""
        self._listener = listener
        if self.reason:
            listener()
        try:
            yield
        finally:
            self._listener = None

    def _write(self) -> None:
        # On a full disk the request still reaches the kernel as an interrupt.
        with suppress(OSError):
            if self._folder and self.reason:
                self._folder.request_stop(self.reason)


def over() -> None:
    """Ignore signals until the process ends: its run has ended, and its exit code says how.

    Python gives signals back to their defaults while it ends; one that came then would end a finished
    run as if it had been stopped.
    """
    if threading.current_thread() is threading.main_thread():
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)


@contextmanager
def on_signals(stopper: Stopper) -> Generator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into requests, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        stopper.request(_SIGNALS[signal.Signals(number)])

    wanted = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, ask) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
