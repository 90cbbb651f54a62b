"""`opskit plan`: make a runbook's plan, and change nothing."""

from pathlib import Path
from typing import Annotated

import typer

from opskit.cli.options import (
    ClusterOption,
    JsonOption,
    OutOption,
    ParametersOption,
    PathOption,
    TimeoutOption,
    parameters,
    seconds,
)
from opskit.cli.outcome import done, reported, say, tell
from opskit.cli.output import print_json, print_text


@reported
def command(
    runbook: Annotated[str, typer.Argument(help="A name of `opskit runbooks`, or a notebook's path.")],
    parameter: ParametersOption = None,
    cluster: ClusterOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write plan.json, too.")
    ] = None,
    out: OutOption = None,
    timeout: TimeoutOption = "30m",
    json: JsonOption = False,
    path: PathOption = None,
) -> None:
    """Make a runbook's plan, and change nothing. The server dry-runs each step that it can."""
    from opskit.runner import catalogue, headless, plans, stopping

    chosen = catalogue.find(runbook, path or ())
    plans.require_changing(chosen)
    options = headless.Options(action="plan", out=out, seconds=seconds(timeout, "--timeout"))
    own, record = headless.run(chosen, parameters(parameter, cluster), options, watch=tell)
    stopping.over()
    if record.exit_code:
        say(f"opskit: {record.status.value}: {record.sentence}")
        say(f"Run {record.run}: {own.report}")
        done(record.exit_code)
    made = plans.load(own.plan)
    if output:
        plans.save(made, output)
    if json:
        print_json(plans.shown(made))
    else:
        from opskit.runner import cards

        print_text(cards.plan(made).text)
    say(f"Run {record.run}: {output or own.plan}")
    if not made.nothing_to_do:
        say(f"Next: opskit approve {record.run}")
