"""Runs a notebook's cells in one kernel, and ends in time whatever happens.

Deadlines. A cell may take `cell_seconds`, the whole run until `context.until`. While a plan is
applied only the latter counts, and it acts as SIGTERM does: the step in progress ends at its
boundary. A run that has not stopped `GRACE_SECONDS` after it was asked to (`LOOK_SECONDS` when it
changes nothing) is killed with its kernel; the journal tells where, and `opskit resume` goes on.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from opskit.core.errors import OpsError
from opskit.core.progress import Progress
from opskit.runner.context import Context
from opskit.runner.folder import RunFolder, StopReason
from opskit.runner.kernels import Kernel
from opskit.runner.record import Status
from opskit.runner.saving import SavedNotebook
from opskit.runner.stopping import Stopper

GRACE_SECONDS = 8.0
LOOK_SECONDS = 2.0
CELL_SECONDS = 900.0


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How the cells ended."""

    how: Literal["all", "error", "stopped", "kernel-died", "unsaved"]
    """`error`: a cell raised; `unsaved`: the notebook could not be written."""
    reason: StopReason | None = None
    name: str = ""
    """The exception's class, of `error`."""
    text: str = ""
    cell: int = -1
    killed: bool = False
    """Whether the kernel had to be killed."""


class Execution:
    """One notebook in one kernel.

    Args:
        saved: the notebook.
        folder: the run folder.
        context: what the kernel is told.
        stopper: who asks to stop.
        cell_seconds: time-out of a cell.
        watch: called with a cell's index when it begins.
        told: hears how far a plan's application is.

    """

    def __init__(
        self,
        saved: SavedNotebook,
        folder: RunFolder,
        context: Context,
        stopper: Stopper,
        *,
        cell_seconds: float = CELL_SECONDS,
        watch: Callable[[int], None] | None = None,
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._saved = saved
        self._folder = folder
        self._context = context
        self._stopper = stopper
        self._cell_seconds = cell_seconds
        self._watch = watch
        self._told = told

    async def run(self, kernel: Kernel) -> Ended:
        """Run all cells in this kernel, and end it."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        with self._stopper.heard_by(lambda: loop.call_soon_threadsafe(asked.set)):
            try:
                return await self._cells(kernel, asked)
            except OSError as error:
                return Ended(how="unsaved", text=f"{error.strerror or error}")
            finally:
                await kernel.close(polite_seconds=0.0 if asked.is_set() else 2.0)

    async def _cells(self, kernel: Kernel, asked: asyncio.Event) -> Ended:
        if ended := await self._prepare(kernel, asked):
            return ended
        from opskit.runner.client import LedClient

        client = LedClient(self._saved.notebook, kernel, told=self._told)
        for index, cell in enumerate(self._saved.notebook.cells):
            if reason := self._stopper.reason or self._folder.stop_reason:
                return Ended(how="stopped", reason=reason, cell=index)
            if self._watch:
                self._watch(index)
            self._saved.cell_began(cell)
            ended = await self._cell(client, kernel, index, asked)
            self._saved.cell_ended(self._saved.notebook.cells[index], ok=ended is None)
            if ended:
                return ended
        client.set_widgets_metadata()
        return Ended(how="all")

    async def _prepare(self, kernel: Kernel, asked: asyncio.Event) -> Ended | None:
        """Reach the kernel and tell it who leads it, unless a stop is asked for first."""
        task = asyncio.ensure_future(self._reach(kernel))
        ask = asyncio.ensure_future(asked.wait())
        await asyncio.wait({task, ask}, return_when=asyncio.FIRST_COMPLETED)
        ask.cancel()
        if not task.done():
            task.cancel()
            return Ended(how="stopped", reason=self._stopper.reason)
        try:
            task.result()
        except OpsError as error:
            return Ended(how="error", name=type(error).__name__, text=str(error))
        return None

    async def _reach(self, kernel: Kernel) -> None:
        await kernel.connect()
        text = msgspec.json.encode(self._context).decode()
        await kernel.execute(f"from opskit.runner import context as _c; _c.enter({text!r}); del _c")

    async def _cell(self, client: Any, kernel: Kernel, index: int, asked: asyncio.Event) -> Ended | None:
        from opskit.runner.client import CellExecutionError, DeadKernelError

        cell = self._saved.notebook.cells[index]
        task = asyncio.ensure_future(client.async_execute_cell(cell, index))
        killed = await self._until_done(task, kernel, asked)
        try:
            await task
        except CellExecutionError as error:
            if reason := self._stopper.reason:
                return Ended(how="stopped", reason=reason, cell=index, killed=killed)
            return Ended(how="error", name=error.ename, text=error.evalue, cell=index)
        except (DeadKernelError, asyncio.CancelledError):
            if reason := self._stopper.reason:
                return Ended(how="stopped", reason=reason, cell=index, killed=True)
            return Ended(how="kernel-died", cell=index, text=kernel.last_words)
        return None

    async def _until_done(self, task: "asyncio.Future[Any]", kernel: Kernel, asked: asyncio.Event) -> bool:
        """Wait for the cell; ask it to stop when its time is up. Returns whether it had to be killed."""
        cell_until = time.monotonic() + self._cell_seconds
        ask = asyncio.ensure_future(asked.wait())
        try:
            while not task.done():
                if asked.is_set():
                    return await self._stop(task, kernel)
                left = min(cell_until, self._context.until) - time.monotonic()
                if left > 0:
                    await asyncio.wait({task, ask}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                elif self._context.left == 0:
                    self._stopper.request("deadline")
                    asked.set()
                elif self._applying():
                    cell_until = self._context.until + 1
                else:
                    self._stopper.request("cell-timeout")
                    asked.set()
        finally:
            ask.cancel()
        return False

    async def _stop(self, task: "asyncio.Future[Any]", kernel: Kernel) -> bool:
        kernel.interrupt()
        await asyncio.wait({task}, timeout=GRACE_SECONDS if self._applying() else LOOK_SECONDS)
        if task.done():
            return False
        kernel.kill()
        await asyncio.wait({task}, timeout=1.0)
        if not task.done():
            task.cancel()
        return True

    def _applying(self) -> bool:
        return self._folder.read().status is Status.APPLYING
