"""`papermill --engine opskit`: plain papermill with the guarantees of `opskit run`.

The runbook's contract is checked before a kernel starts, parameters are read by their declared
types, the output is scrubbed and saved by rename, signals stop at a step boundary, and the run has
a folder like any other. A notebook that is no runbook gets all of that but the contract.
"""

import os
import time
from pathlib import Path
from typing import Any

from papermill.engines import Engine
from papermill.iorw import LocalHandler, papermill_io

from opskit.core.errors import OpsError, Stopped
from opskit.runner import contract, folder, headless, stopping
from opskit.runner.context import Context
from opskit.runner.contract import Runbook
from opskit.runner.files import write_private
from opskit.runner.folder import RunFolder
from opskit.runner.headless import Options
from opskit.runner.kernels import Kernel
from opskit.runner.saving import SavedNotebook, inject
from opskit.runner.stopping import Stopper


class OpskitEngine(Engine):
    """The engine that `--engine opskit` names."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str | None,  # noqa: ARG003 - always the Python that opskit is installed in
        output_path: str | None = None,
        *_: Any,
        execution_timeout: float | None = None,
        run_timeout: float = headless.RUN_SECONDS,
        approval: str = "",
        input_path: str | None = None,
        **_unused: Any,
    ) -> Any:
        """Run the notebook; called by papermill.

        Args:
            nb: the notebook, parameters injected by papermill.
            kernel_name: not used: the kernel is the Python that opskit is installed in.
            output_path: where papermill wants the result.
            execution_timeout: seconds that a cell may take.
            run_timeout: seconds that the whole run may take.
            approval: path of an approval.
            input_path: where the notebook came from.

        Raises:
            OpsError: wrong use, before a kernel starts; or how the run ended.

        """
        runbook, values = _contract(nb, input_path)
        if runbook:
            inject(nb, values)
            nb.metadata.papermill["parameters"] = values
        options = Options(
            approval=Path(approval) if approval else None,
            seconds=run_timeout,
            cell_seconds=execution_timeout or headless.CELL_SECONDS,
        )
        own = folder.create(runbook.name if runbook else "papermill/notebook", fields={"parameters": values})
        _run(nb, own, runbook, options, output_path)
        return nb


def _contract(nb: Any, input_path: str | None) -> tuple[Runbook | None, dict[str, Any]]:
    given = dict(nb.metadata.get("papermill", {}).get("parameters", {}))
    if "opskit" not in nb.metadata:
        return None, given
    runbook = contract.from_notebook(nb, Path(input_path or "runbook.ipynb"))
    return runbook, runbook.show(runbook.read(given))


def _run(nb: Any, own: RunFolder, runbook: Runbook | None, options: Options, output_path: str | None) -> None:
    local = Path(output_path) if output_path and _is_local(output_path) else None
    saved = SavedNotebook(nb, own.notebook, *([local] if local else []))
    context = Context(
        folder=str(own.path),
        notebook=runbook.path if runbook else "",
        until=time.monotonic() + options.seconds,
        leader=os.getpid(),
        approval=str(options.approval.absolute()) if options.approval else "",
    )
    if local:
        papermill_io.register(str(output_path), _Private())
    stopper = Stopper()
    with stopping.on_signals(stopper):
        stopper.into(own)
        kernel = Kernel.start()
        try:
            saved.begin()
        except BaseException:
            kernel.dispose()
            raise
        ended = headless.execute(saved, own, context, options, stopper, kernel)
    if runbook or ended.how != "all":
        _raise_for(headless.conclude(own, ended))


def _raise_for(record: Any) -> None:
    if not record.exit_code:
        return
    if record.exit_code in (130, 143):
        reason = "SIGTERM" if record.exit_code == 143 else "SIGINT"
        raise Stopped(record.sentence, by=reason)
    raise OpsError(record.sentence, where=record.run)


def _is_local(path: str) -> bool:
    return "://" not in path


class _Private(LocalHandler):
    """Papermill's last write of the output, by rename and for its owner only."""

    def write(self, buf: str, path: str) -> None:
        write_private(Path(path), buf.encode())
