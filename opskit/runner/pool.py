"""Warm kernels: started, and done with their imports, before a run asks for one. Each serves one run."""

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from types import TracebackType

from opskit.core.errors import OpsError, UsageError
from opskit.runner.kernels import Kernel

WARM = (
    "import opskit.widgets.entry, opskit.runner.session, opskit.runner.applying, pandas\n"
    "from opskit.plots import style; style.load(); del style"
)
"""What a kernel does before a run asks for it."""


class Pool:
    """Keeps some kernels ready. A context manager that ends those that were not used.

    Args:
        size: how many are kept ready.

    """

    def __init__(self, *, size: int = 2) -> None:
        if size < 1:
            raise UsageError("A pool needs at least one kernel.", where=f"size={size}")
        self._ready: deque[Future[Kernel]] = deque()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="opskit-pool", daemon=True)
        self._closed = False
        self._thread.start()
        for _ in range(size):
            self._start_one()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self) -> Kernel:
        """A warm kernel, for one run; another is started in its place.

        Raises:
            OpsError: it could not be started.

        """
        if self._closed:
            raise UsageError("The pool is closed.")
        future = self._ready.popleft()
        self._start_one()
        kernel = future.result()
        if not kernel.alive:
            kernel.dispose()
            return self.take()
        return kernel

    def wait(self) -> None:
        """Return when every kernel is warm."""
        for future in tuple(self._ready):
            future.result()

    def close(self) -> None:
        """End the kernels that were not used."""
        self._closed = True
        for future in self._ready:
            try:
                future.result().dispose()
            except OpsError:
                continue
        self._ready.clear()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _start_one(self) -> None:
        kernel = Kernel.start()
        self._ready.append(asyncio.run_coroutine_threadsafe(_warm(kernel), self._loop))


async def _warm(kernel: Kernel) -> Kernel:
    """Connect, import, and let go of the sockets: they belong to the loop that made them."""
    try:
        await kernel.connect()
        await kernel.execute(WARM)
    except BaseException:
        kernel.dispose()
        raise
    kernel.disconnect()
    return kernel
