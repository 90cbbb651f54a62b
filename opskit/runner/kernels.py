"""Starting, reaching and ending a kernel.

Kernels speak over Unix sockets in a folder that only their owner can enter: Jupyter's TCP transport
is neither encrypted nor hidden from other users of the machine.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import IO, TYPE_CHECKING, Any

from opskit.core.errors import DeadlineExceeded, OpsError, Unreachable
from opskit.runner.scratch import Scratch

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient

START_SECONDS = 60.0
_SOCKETS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


class Kernel:
    """One kernel process, for one notebook. `Kernel.start` makes it; `connect` reaches it."""

    def __init__(self, process: "subprocess.Popen[bytes]", scratch: Scratch) -> None:
        self.process = process
        self.folder = scratch.path
        self._scratch = scratch
        self.client: AsyncKernelClient | None = None

    @classmethod
    def start(cls, *, cwd: Path | None = None) -> "Kernel":
        """Start the process; this returns at once, long before the kernel answers.

        Args:
            cwd: the kernel's working folder; None is this process's.

        """
        scratch = Scratch()
        folder = scratch.path
        _write_connection_file(folder)
        argv = [sys.executable, "-m", "opskit.runner.kernel", "-f", str(folder / "kernel.json")]
        with _private(folder / "kernel.log") as log:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "JPY_PARENT_PID": str(os.getpid())},
            )
        return cls(process, scratch)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def reached(self) -> "AsyncKernelClient":
        """Its client.

        Raises:
            OpsError: `connect` was not called.

        """
        if self.client is None:
            raise OpsError("The kernel was not connected to.", where=str(self.folder))
        return self.client

    async def connect(self, *, timeout: float = START_SECONDS) -> "AsyncKernelClient":
        """Reach the kernel, and wait until it answers and its output can be heard.

        Raises:
            Unreachable: it died while it started.
            DeadlineExceeded: it did not answer in time.

        """
        from jupyter_client.asynchronous.client import AsyncKernelClient

        until = time.monotonic() + timeout
        while not all(
            (self.folder / f"kernel-ipc-{number}").exists() for number in range(1, len(_SOCKETS) + 1)
        ):
            self._check(until)
            await asyncio.sleep(0.005)
        client = self.client = AsyncKernelClient(connection_file=str(self.folder / "kernel.json"))
        client.load_connection_file()
        client.start_channels(hb=False)
        client.allow_stdin = False
        while not await self._heard(client):
            self._check(until)
        return client

    async def execute(self, code: str, *, timeout: float = START_SECONDS) -> None:
        """Run code that shows nothing and is not kept.

        Raises:
            Unreachable: the kernel refused it or died.

        """
        sent = self.reached.execute(code, silent=True, store_history=False)
        until = time.monotonic() + timeout
        while (reply := await self._reply(sent, 0.5)) is None:
            self._check(until)
        if reply["content"]["status"] != "ok":
            raise Unreachable(
                f"The kernel could not be prepared: {reply['content'].get('evalue')}.", where=code
            )

    async def ended(self) -> None:
        """Return as soon as the process is gone."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        try:
            number = os.pidfd_open(self.process.pid)
        except ProcessLookupError:
            return
        loop.add_reader(number, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(number)
            os.close(number)

    @property
    def last_words(self) -> str:
        """How the process ended, and what it said outside of its notebook."""
        code = self.process.poll()
        if code is None:
            return "it still runs"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        try:
            said = (self.folder / "kernel.log").read_text(errors="replace").strip()
        except OSError:
            said = ""
        return f"{how}; {said[-2000:]}" if said else how

    def interrupt(self) -> None:
        """KeyboardInterrupt in the running cell. While a plan is applied it only asks for a stop."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the kernel and everything that it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    async def close(self, *, polite_seconds: float = 2.0) -> None:
        """Ask the kernel to end, so that it closes what it opened; then make sure."""
        if self.client is not None and self.alive and polite_seconds:
            self.client.shutdown()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended(), polite_seconds)
        self.dispose()

    def disconnect(self) -> None:
        """Let go of the sockets; the kernel goes on."""
        if self.client is not None:
            self.client.stop_channels()
            self.client.context.destroy(linger=0)
            self.client = None

    def dispose(self) -> None:
        """End it without ceremony and remove its sockets."""
        self.kill()
        self.disconnect()
        self._scratch.remove()

    async def _heard(self, client: "AsyncKernelClient") -> bool:
        sent = client.kernel_info()
        if await self._reply(sent, 1.0) is None:
            return False
        with suppress(Empty):
            await client.get_iopub_msg(timeout=0.1)
            return True
        return False

    async def _reply(self, sent: str, seconds: float) -> dict[str, Any] | None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with suppress(Empty):
                reply: dict[str, Any] = await self.reached.get_shell_msg(timeout=left)
                if reply["parent_header"].get("msg_id") == sent:
                    return reply
        return None

    def _check(self, until: float) -> None:
        if not self.alive:
            said = (self.folder / "kernel.log").read_text(errors="replace").strip()
            raise Unreachable(
                f"The kernel ended while it started: {said[-500:] or 'it said nothing'}.",
                where=sys.executable,
                hint="run `python -m opskit.runner.kernel` to see why",
            )
        if time.monotonic() > until:
            raise DeadlineExceeded("The kernel did not answer in time.", where=sys.executable)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _write_connection_file(folder: Path) -> None:
    ports = {name: number for number, name in enumerate(_SOCKETS, 1)}
    info = {
        **ports,
        "transport": "ipc",
        "ip": str(folder / "kernel-ipc"),
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "python3",
    }
    with _private(folder / "kernel.json") as file:
        file.write(json.dumps(info).encode())
