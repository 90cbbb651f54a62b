"""nbclient, led by opskit: a dead kernel is noticed at once, outputs are scrubbed, and time-outs are ours."""

import asyncio
import contextlib
from collections.abc import Callable, Generator
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from opskit.core.progress import Progress
from opskit.runner import telling
from opskit.runner.kernels import Kernel
from opskit.runner.quiet import scrubbed

__all__ = ["CellExecutionError", "DeadKernelError", "LedClient"]

_IOPUB_SECONDS = 30


class LedClient(NotebookClient):
    """Runs cells in a kernel that somebody else starts, stops and times.

    Args:
        notebook: whose cells.
        kernel: that runs them.
        told: hears how far the kernel's run is.

    """

    def __init__(self, notebook: Any, kernel: Kernel, *, told: Callable[[Progress], None]) -> None:
        self._told = told
        super().__init__(notebook, timeout=None, record_timing=True, iopub_timeout=_IOPUB_SECONDS)
        self.kernel = kernel
        self.kc = kernel.client

    @contextlib.contextmanager
    def setup_kernel(self, **_: Any) -> Generator[None]:
        """The kernel is there already."""
        yield

    async def _async_poll_kernel_alive(self) -> None:
        await self.kernel.ended()
        if self.task_poll_for_reply is not None:
            # A reply that is under way when the kernel ends is still worth having.
            await asyncio.wait({self.task_poll_for_reply}, timeout=0.1)
            self.task_poll_for_reply.cancel()

    async def _async_check_alive(self) -> None:
        if not self.kernel.alive:
            raise DeadKernelError("Kernel died")

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take one message, scrubbed of what this process knows as well."""
        clean = {**msg, "content": scrubbed(msg["content"])}
        if progress := telling.told(clean):
            self._told(progress)
            return None
        return super().process_message(clean, cell, cell_index)
