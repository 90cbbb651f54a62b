"""What a kernel of opskit does before any output leaves it: secrets are scrubbed from every message.

Streams are scrubbed across their chunks; what is held back leaves when the cell ends.
"""

import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from opskit.core.errors import OpsError
from opskit.core.secrets import StreamScrubber, scrub, scrub_bytes


def scrubbed(value: Any) -> Any:
    """A message's content with every known secret replaced, in keys as well."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrubbed(key): scrubbed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(each) for each in value]
    if isinstance(value, bytes | memoryview | bytearray):
        return scrub_bytes(bytes(value))
    return value


class ScrubbingSender:
    """Stands between a kernel and its sockets.

    Args:
        send: the session's own `send`.

    """

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send
        self._streams: dict[str, StreamScrubber] = {}
        self._lock = threading.RLock()
        self._last: tuple[Any, Any, Any] | None = None

    def __call__(
        self,
        stream: Any,
        message: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        **rest: Any,
    ) -> Any:
        """`Session.send`, scrubbed."""
        kind = message["header"]["msg_type"] if isinstance(message, dict) else message
        body = message.get("content") if isinstance(message, dict) else content
        with self._lock:
            if kind == "stream" and isinstance(body, dict):
                return self._stream(stream, body, parent, ident, rest)
            if kind == "status" and isinstance(body, dict) and body.get("execution_state") == "idle":
                self.flush()
            if rest.get("buffers"):
                rest["buffers"] = [scrub_bytes(bytes(each)) for each in rest["buffers"]]
            if isinstance(message, dict):
                message = {**message, "content": scrubbed(body)}
            return self._send(stream, message, scrubbed(content), parent, ident, **rest)

    def flush(self) -> None:
        """Send what was held back."""
        with self._lock:
            for name, scrubber in self._streams.items():
                text = scrubber.flush()
                if text and self._last:
                    socket, parent, ident = self._last
                    self._send(socket, "stream", {"name": name, "text": text}, parent, ident)

    def _stream(
        self, socket: Any, body: dict[str, Any], parent: Any, ident: Any, rest: dict[str, Any]
    ) -> Any:
        self._last = (socket, parent, ident)
        scrubber = self._streams.setdefault(str(body.get("name", "stdout")), StreamScrubber())
        text = scrubber.feed(str(body.get("text", "")))
        return self._send(socket, "stream", {**body, "text": text}, parent, ident, **rest) if text else None


def install(shell: Any) -> None:
    """Scrub everything that a kernel sends, and show our own errors as a sentence.

    Args:
        shell: the kernel's IPython shell.

    """
    kernel = getattr(shell, "kernel", None)
    session = getattr(kernel, "session", None)
    if session is not None and not isinstance(session.send, ScrubbingSender):
        session.send = ScrubbingSender(session.send)
    shell.set_custom_exc((OpsError,), _show)


def _show(
    _shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    **_: Any,
) -> list[str]:
    """An error of opskit is shown as its sentence; the full traceback goes to the run's log."""
    from opskit.runner.context import current
    from opskit.runner.folder import RunFolder
    from opskit.runner.record import note

    context = current()
    if context and context.folder and isinstance(error, OpsError):
        from pathlib import Path

        folder = RunFolder(Path(context.folder))
        folder.log_text("".join(traceback.format_exception(kind, error, trace)))
        folder.update(error=note(error))
    return [scrub(f"{kind.__name__}: {error}")]
