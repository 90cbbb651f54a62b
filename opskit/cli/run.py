"""`opskit run`: run a runbook to its verdict."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from opskit.cli.outcome import done, reported, say, tell
from opskit.cli.output import print_json, print_text

if TYPE_CHECKING:
    from opskit.runner.folder import RunFolder
    from opskit.runner.record import Record

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


def show(own: "RunFolder", record: "Record", *, json: bool) -> None:
    """The result of a run: verdict and where everything is."""
    from opskit.runner import cards
    from opskit.runner.ending import verdict_of

    verdict = verdict_of(own)
    if json:
        print_json(summary(own, record))
    elif verdict:
        print_text(cards.verdict(verdict, cluster=str(record.parameters.get("cluster", ""))).text)
    say(f"opskit: {record.status.value}" + (f": {record.sentence}" if record.sentence else ""))
    say(f"Run {record.run}: {own.report if own.report.exists() else own.path}")


def summary(own: "RunFolder", record: "Record") -> dict[str, Any]:
    """What `--json` prints of a run."""
    from opskit.runner.ending import verdict_of

    return {
        "run": record.run,
        "runbook": record.runbook,
        "status": record.status,
        "exit_code": record.exit_code,
        "sentence": record.sentence,
        "error": record.error,
        "folder": str(own.path),
        "verdict": verdict_of(own),
    }
