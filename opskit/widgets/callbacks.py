"""The one place through which every callback runs: what fails is shown, what runs can't be started twice.

ipywidgets drops a callback's exception. Here it becomes a failure that the panel shows.
"""

import atexit
import threading
from collections.abc import Callable
from typing import Any

from opskit.core.errors import OpsError

STOP_SECONDS = 4.0
"""How long a kernel that shuts down waits for the step at hand."""


def guarded(act: Callable[[], None], failed: Callable[[OpsError], None]) -> Callable[[Any], None]:
    """A callback for `on_click` and `observe`, whose failure is told.

    Args:
        act: what to do.
        failed: told of what went wrong; must not raise.

    """

    def callback(_: Any) -> None:
        run_guarded(act, failed)

    return callback


def run_guarded(act: Callable[[], None], failed: Callable[[OpsError], None]) -> None:
    """Do something now; tell what fails."""
    try:
        act()
    except OpsError as error:
        failed(error)
    except Exception as error:  # noqa: BLE001 - ipywidgets would drop it; here it is shown
        failed(defect(error))


def defect(error: BaseException) -> OpsError:
    """An exception that should not be, as an error of opskit with the place that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    wrapped = OpsError(
        f"A defect of opskit: {type(error).__name__}: {error}".rstrip(": "),
        where=where,
        hint="the journal says what was done; report this with the run's log",
    )
    wrapped.__cause__ = error
    return wrapped


class Worker:
    """Runs one act in a thread, so that the kernel goes on answering. A second start does nothing.

    Args:
        act: what to do.
        failed: told of what went wrong.
        stop: asks the act to end at the next step boundary; called when the kernel shuts down.

    """

    def __init__(
        self, act: Callable[[], None], *, failed: Callable[[OpsError], None], stop: Callable[[], None]
    ) -> None:
        self._act = act
        self._failed = failed
        self._stop = stop
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        """Start once.

        Returns:
            Whether this call started it.

        """
        if not self._started.acquire(blocking=False):
            return False
        self._thread = threading.Thread(target=self._run, name="opskit-apply", daemon=True)
        atexit.register(self._leave)
        self._thread.start()
        return True

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until it has ended.

        Returns:
            Whether it has.

        """
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _run(self) -> None:
        run_guarded(self._act, self._failed)
        atexit.unregister(self._leave)

    def _leave(self) -> None:
        self._stop()
        self.join(STOP_SECONDS)
