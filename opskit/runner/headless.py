"""One runbook, headless: check, run folder, kernel, cells, verdict, report, exit code."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from opskit.core.errors import OpsError
from opskit.core.progress import Progress
from opskit.runner import ending, folder, stopping
from opskit.runner.context import Context
from opskit.runner.contract import Runbook
from opskit.runner.execution import CELL_SECONDS, Ended, Execution
from opskit.runner.folder import RunFolder
from opskit.runner.kernels import Kernel
from opskit.runner.parameters import CLUSTER
from opskit.runner.record import Record
from opskit.runner.stopping import Stopper
from opskit.runner.telling import Lines

T = TypeVar("T")

RUN_SECONDS = 4 * 3600.0
"""A whole run's deadline unless told otherwise."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is led."""

    action: Literal["run", "plan"] = "run"
    out: Path | None = None
    """The run folder; None: a new one where runs are kept."""
    approval: Path | None = None
    take_over: bool = False
    fail_on: str = ""
    seconds: float = RUN_SECONDS
    cell_seconds: float = CELL_SECONDS


def run(
    runbook: Runbook,
    given: Mapping[str, Any],
    options: Options | None = None,
    *,
    stopper: Stopper | None = None,
    kernel: Kernel | None = None,
    watch: Callable[[str], None] | None = None,
) -> tuple[RunFolder, Record]:
    """Run a runbook to its end.

    Args:
        runbook: what to run.
        given: raw text or Python values of its parameters.
        options: how.
        stopper: takes requests to stop; the default listens to this process's signals.
        kernel: a kernel from a pool, used for this run only.
        watch: told what happens, for progress.

    Raises:
        UnknownName, BadValue: a parameter is wrong; nothing was started.
        ApprovalRejected: the approval's file is none, or it can't count, whatever the cluster says.
        ConfigError: the run folder can't be made, or who may sign can't be told.

    """
    options = options or Options()
    values = _checked(runbook, given, options, kernel)
    stopper = stopper or Stopper()
    with stopping.on_signals(stopper):
        kernel = kernel or Kernel.start()
        try:
            own = folder.create(runbook.name, out=options.out, fields={"parameters": values})
        except BaseException:
            kernel.dispose()
            raise
        stopper.into(own)
        ended = _cells(runbook, values, own, options, stopper, kernel, watch)
        return own, conclude(own, ended, fail_on=options.fail_on)


def _checked(
    runbook: Runbook, given: Mapping[str, Any], options: Options, kernel: Kernel | None
) -> dict[str, Any]:
    """The parameters as they are shown, once all holds that can be told without a cluster."""
    try:
        values = runbook.show(runbook.read(given))
        if options.approval:
            _require_standing(options.approval, runbook, values)
    except OpsError:
        if kernel:
            kernel.dispose()
        raise
    return values


def _require_standing(file: Path, runbook: Runbook, values: Mapping[str, Any]) -> None:
    from opskit.core.approval import load
    from opskit.runner import applying

    parameters = {name: value for name, value in values.items() if name != CLUSTER.name}
    load(file).require_standing(
        runbook=runbook.name, parameters=parameters, allowed_signers=applying.allowed_signers()
    )


def conclude(own: RunFolder, ended: Ended, *, fail_on: str = "") -> Record:
    """Decide how it ended, and write the report. A full disk does not hide how it ended."""
    from opskit.runner import report

    try:
        record = ending.finish(own, ended, fail_on=fail_on)
        report.write(own)
    except OSError as error:
        own_record = own.read()
        lost = Ended(how="unsaved", text=str(error.strerror or error))
        return ending.decide(own_record, lost, ending.verdict_of(own)) if ended.how == "all" else own_record
    return record


def _cells(
    runbook: Runbook,
    values: Mapping[str, Any],
    own: RunFolder,
    options: Options,
    stopper: Stopper,
    kernel: Kernel,
    watch: Callable[[str], None] | None,
) -> Ended:
    from opskit.runner.notebooks import parse
    from opskit.runner.saving import SavedNotebook, inject

    _know_secrets(runbook, values)
    try:
        notebook = parse(Path(runbook.path).read_text(encoding="utf-8"))
        inject(notebook, values)
        saved = SavedNotebook(notebook, own.notebook)
        saved.begin()
    except OSError as error:
        kernel.dispose()
        return Ended(how="unsaved", text=str(error.strerror))
    return execute(saved, own, _context(runbook, own, options), options, stopper, kernel, watch)


def execute(
    saved: Any,
    own: RunFolder,
    context: Context,
    options: Options,
    stopper: Stopper,
    kernel: Kernel,
    watch: Callable[[str], None] | None = None,
) -> Ended:
    """Run the cells and keep how they ended in the notebook."""

    def tell(index: int) -> None:
        if watch and (title := _title(saved.notebook.cells[index])):
            watch(title)

    lines = Lines()

    def told(progress: Progress) -> None:
        if watch and (line := lines.line(progress)):
            watch(line)

    leading = Execution(
        saved, own, context, stopper, cell_seconds=options.cell_seconds, watch=tell, told=told
    )
    ended = _complete(leading.run(kernel))
    if ended.how in ("error", "kernel-died"):
        own.log_text(f"cell {ended.cell + 1}: {ended.name}: {ended.text}\n{_traceback(saved, ended.cell)}")
    try:
        saved.end(ended=ended.how, reason=ended.reason or "", cell=ended.cell)
    except OSError as error:
        return Ended(how="unsaved", text=str(error.strerror)) if ended.how == "all" else ended
    return ended


def _context(runbook: Runbook, own: RunFolder, options: Options) -> Context:
    return Context(
        folder=str(own.path),
        notebook=str(Path(runbook.path).absolute()),
        until=time.monotonic() + options.seconds,
        leader=os.getpid(),
        action=options.action,
        approval=str(options.approval.absolute()) if options.approval else "",
        take_over=options.take_over,
        fail_on=options.fail_on,
    )


def _know_secrets(runbook: Runbook, values: Mapping[str, Any]) -> None:
    """Resolve the secrets that can be resolved here, so that the saved notebook is scrubbed once more."""
    from opskit.core.secrets import resolve

    for each in runbook.parameters:
        value = values.get(each.name)
        if each.item_type == "secret" and value:
            for reference in value if isinstance(value, list) else [value]:
                if not str(reference).startswith("vault:"):
                    _try_to_resolve(resolve, str(reference))


def _try_to_resolve(resolve: Callable[[str], Any], reference: str) -> None:
    try:
        resolve(reference)
    except OpsError:
        # The kernel resolves it when it is needed, and says what is wrong with it.
        return


def _title(cell: Any) -> str:
    """The heading that a cell begins with."""
    first = next((line for line in str(cell.source).splitlines() if line.strip()), "")
    return first.strip("# ") if cell.cell_type == "markdown" and first.startswith("#") else ""


def _traceback(saved: Any, index: int) -> str:
    import re

    outputs = saved.notebook.cells[index].get("outputs", []) if index >= 0 else []
    lines = [line for each in outputs if each.output_type == "error" for line in each.traceback]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))


def _complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to completion, also where a loop runs already (papermill called from a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="opskit-run") as pool:
        return pool.submit(asyncio.run, work).result()
