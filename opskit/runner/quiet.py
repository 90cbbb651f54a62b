"""What a kernel of opskit does before any output leaves it: secrets are scrubbed from every message.

Streams are scrubbed across their chunks; what is held back leaves when the cell ends.
"""

import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

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
        self._last: tuple[Any, dict[str, Any], dict[str, Any]] | None = None

    def __call__(self, stream: Any, message: Any, *args: Any, **named: Any) -> Any:
        """`Session.send`, scrubbed."""
        rest = {**dict(zip(_ARGUMENTS, args, strict=False)), **named}
        with self._lock:
            if isinstance(message, dict):
                return self._whole(stream, message, rest)
            content = rest.get("content")
            if message == "status" and content and content.get("execution_state") == "idle":
                self.flush()
            return self._send(stream, message, **_clean(rest))

    def flush(self) -> None:
        """Send what was held back, as part of the cell that wrote last."""
        with self._lock:
            for name, scrubber in self._streams.items():
                text = scrubber.flush()
                if text and self._last:
                    socket, message, rest = self._last
                    header = {**message["header"], "msg_id": uuid4().hex}
                    whole = {**message, "header": header, "msg_id": header["msg_id"]}
                    self._send(socket, {**whole, "content": {"name": name, "text": text}}, **rest)

    def _whole(self, socket: Any, message: dict[str, Any], rest: dict[str, Any]) -> Any:
        content = message["content"]
        if message["header"]["msg_type"] != "stream":
            return self._send(socket, {**message, "content": scrubbed(content)}, **_clean(rest))
        self._last = (socket, message, rest)
        text = self._streams.setdefault(content["name"], StreamScrubber()).feed(content["text"])
        if not text:
            return None
        return self._send(socket, {**message, "content": {**content, "text": text}}, **rest)


_ARGUMENTS = ("content", "parent", "ident", "buffers", "track", "header", "metadata")
"""Of `Session.send`, after the socket and the message, in its order."""


def _clean(rest: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Session.send`; what was written by a cell is in three of them."""
    said = {name: scrubbed(rest[name]) for name in ("content", "metadata") if rest.get(name)}
    buffers = [scrub_bytes(bytes(each)) for each in rest.get("buffers") or ()]
    return {**rest, **said, **({"buffers": buffers} if buffers else {})}


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
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None, **_: Any
) -> None:
    """An error of opskit is shown as its sentence; the full traceback goes to the run's log."""
    from opskit.runner.context import current
    from opskit.runner.folder import RunFolder
    from opskit.runner.record import note

    context = current()
    if context and isinstance(error, OpsError):
        folder = RunFolder(Path(context.folder))
        folder.log_text("".join(traceback.format_exception(kind, error, trace)))
        if folder.read().error is None:
            folder.update(error=note(error))
    shell._showtraceback(kind, error, [scrub(f"{kind.__name__}: {error}")])
