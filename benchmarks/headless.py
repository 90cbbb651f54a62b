"""What leading a runbook costs, against bare nbclient, and how soon a warm kernel is at work.

Both sides run the shipped `rook/health` on the demo in a kernel that was told that it is led, so that
its cells do the same; ours also checks parameters, keeps the run folder, saves after each cell by
rename, scrubs, judges, and writes the report. Each is a whole process: interpreter, imports and all.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.measure import ROOT, Row, median
from opskit.runner.kernels import Kernel
from opskit.runner.pool import WARM, Pool

RUNBOOK = "rook/health"
OVERHEAD = 0.10
WARM_P95 = 0.150
PAIRS, STARTS = 5, 40

_BARE = """
import os, sys, time
from pathlib import Path
import msgspec
import nbformat
from nbclient import NotebookClient
from opskit.runner import folder
from opskit.runner.context import Context

book, out = sys.argv[1:]
own = folder.create("rook/health", out=Path(out), fields={"parameters": {"cluster": "demo"}})
context = Context(folder=str(own.path), notebook=book, until=time.monotonic() + 600, leader=os.getpid())
told = msgspec.json.encode(context).decode()
enter = f"from opskit.runner import context as _c; _c.enter({told!r}); del _c"
notebook = nbformat.read(book, 4)
notebook.cells.insert(0, nbformat.v4.new_code_cell(enter))
NotebookClient(notebook, timeout=600).execute()
nbformat.write(notebook, own.path / "notebook.ipynb")
"""


def rows() -> list[Row]:
    """The median of paired ratios, and the 95th percentile of warm starts."""
    return [_overhead(), _warm()]


def _overhead() -> Row:
    pairs = [(_led(), _bare()) for _ in range(PAIRS)]
    ours, bare = (median([pair[side] for pair in pairs]) for side in (0, 1))
    ratio = median([mine / theirs for mine, theirs in pairs])
    return Row(
        f"`opskit run {RUNBOOK}` on the demo",
        f"{ours:.2f} s",
        f"bare nbclient, same cells {bare:.2f} s",
        f"{ratio:.2f}x",
        f"<= {1 + OVERHEAD:.2f}x",
        ratio <= 1 + OVERHEAD,
    )


def _led() -> float:
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", RUNBOOK, "--cluster", "demo", "--out", f"{folder}/run"]
        return _timed([sys.executable, "-m", "opskit", *words], folder)


def _bare() -> float:
    from opskit.runner import catalogue

    book = catalogue.find(RUNBOOK).path
    with tempfile.TemporaryDirectory() as folder:
        return _timed([sys.executable, "-c", _BARE, book, f"{folder}/run"], folder)


def _timed(argv: list[str], state: str) -> float:
    env = {**os.environ, "XDG_STATE_HOME": state, "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, check=True)
    return time.perf_counter() - begin


def _warm() -> Row:
    """From asking the pool for a kernel until that kernel has answered its first line."""
    with Pool(size=2) as pool:
        warm = [_start(pool) for _ in range(STARTS)]
    cold = median([_cold() for _ in range(3)])
    p95 = sorted(warm)[int(0.95 * STARTS) - 1]
    return Row(
        "a kernel at work, from the warm pool",
        f"median {median(warm) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms",
        f"started cold, with the same imports {cold:.2f} s",
        f"{cold / median(warm):.0f}x",
        f"p95 <= {WARM_P95 * 1e3:.0f} ms",
        p95 <= WARM_P95,
    )


def _start(pool: Pool) -> float:
    pool.wait()
    begin = time.perf_counter()
    kernel = pool.take()
    asyncio.run(_at_work(kernel))
    seconds = time.perf_counter() - begin
    kernel.dispose()
    return seconds


def _cold() -> float:
    begin = time.perf_counter()
    kernel = Kernel.start()
    asyncio.run(_at_work(kernel, WARM))
    seconds = time.perf_counter() - begin
    kernel.dispose()
    return seconds


async def _at_work(kernel: Kernel, code: str = "pass") -> None:
    await kernel.connect()
    await kernel.execute(code)
    kernel.disconnect()
