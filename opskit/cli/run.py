"""`opskit run`: run a runbook to its verdict."""

from pathlib import Path
from typing import Annotated

import typer

from opskit.cli.options import (
    CellTimeoutOption,
    ClusterOption,
    FailOnOption,
    JsonOption,
    OutOption,
    ParametersOption,
    PathOption,
    TimeoutOption,
    parameters,
    seconds,
    severity,
)
from opskit.cli.outcome import done, reported, tell
from opskit.cli.result import show

_MANY = 'Run each line of a file, {"runbook": …, "parameters": {…}}, in a warm kernel; "-": standard input.'


@reported
def command(
    runbook: Annotated[
        str | None, typer.Argument(help="A name of `opskit runbooks`, or a notebook's path.")
    ] = None,
    parameter: ParametersOption = None,
    cluster: ClusterOption = None,
    out: OutOption = None,
    approval: Annotated[
        Path | None, typer.Option("--approval", help="An approval made by `opskit approve`.")
    ] = None,
    fail_on: FailOnOption = None,
    timeout: TimeoutOption = "4h",
    cell_timeout: CellTimeoutOption = "15m",
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take an unfinished run's expired lock.")
    ] = False,
    many: Annotated[str | None, typer.Option("--many", help=_MANY)] = None,
    json: JsonOption = False,
    path: PathOption = None,
) -> None:
    """Run a runbook to its verdict. A changing one needs --approval; without it the plan is saved."""
    from opskit.core.errors import BadValue
    from opskit.runner import catalogue, headless, stopping

    options = headless.Options(
        out=out,
        approval=approval,
        take_over=take_over,
        fail_on=severity(fail_on),
        seconds=seconds(timeout, "--timeout"),
        cell_seconds=seconds(cell_timeout, "--cell-timeout"),
    )
    if (runbook is None) == (many is None):
        raise BadValue(
            "Name one runbook, or a file with --many.", where="opskit run", hint="see `opskit runbooks`"
        )
    if many is not None:
        from opskit.cli.many import run_many

        done(run_many(many, options, path or ()))
    chosen = catalogue.find(runbook or "", path or ())
    own, record = headless.run(chosen, parameters(parameter, cluster), options, watch=tell)
    stopping.over()
    show(own, record, json=json)
    done(record.exit_code or 0)
