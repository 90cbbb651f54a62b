"""Progress from a kernel to the runner that leads it: a message of its own, which no notebook keeps."""

from typing import Any

import msgspec

from opskit.core.progress import Progress

KIND = "opskit_progress"
"""The message's type on the kernel's output channel."""


def tell(progress: Progress) -> None:
    """Send it from within a kernel; elsewhere nobody listens."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is not None:
        content = msgspec.to_builtins(progress)
        kernel.session.send(kernel.iopub_socket, KIND, content, parent=kernel.get_parent("shell"))


def told(message: dict[str, Any]) -> Progress | None:
    """The progress that a kernel's message holds; None where it is another message."""
    if message.get("msg_type") != KIND:
        return None
    return msgspec.convert(message["content"], Progress)


class Lines:
    """Turns progress into lines for a terminal: one whenever something else is done or waited for.

    A step that waits for the same thing is told of again after `EVERY` seconds.
    """

    EVERY = 15.0

    def __init__(self) -> None:
        self._last: tuple[str, ...] = ()
        self._again = 0.0

    def line(self, progress: Progress) -> str:
        """What to print; empty where nothing is new."""
        text = progress.text.rstrip(".")
        key = (progress.step, progress.phase, "" if progress.phase == "waiting" else text)
        if key == self._last and progress.waited_seconds < self._again:
            return ""
        self._again = progress.waited_seconds + self.EVERY
        self._last = key
        return f"{_place(progress)}{_phase(progress, text)}{_waited(progress)}"


def _place(progress: Progress) -> str:
    return f"[{progress.index}/{progress.total}] {progress.title}: " if progress.step else ""


def _phase(progress: Progress, text: str) -> str:
    if text == progress.title:
        return progress.phase
    return text if progress.phase in ("acting", "reading-back", "locking") else f"{progress.phase}: {text}"


def _waited(progress: Progress) -> str:
    if not progress.waited_seconds:
        return ""
    return f" ({progress.waited_seconds:.0f} s of at most {progress.deadline_seconds:.0f} s)"
