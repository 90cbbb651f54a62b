"""`opskit resume`: go on with a run."""

from typing import Annotated

import typer

from opskit.cli.options import JsonOption, RunArgument, TimeoutOption, seconds
from opskit.cli.outcome import done, reported
from opskit.cli.run import show


@reported
def command(
    run: RunArgument,
    timeout: TimeoutOption = "4h",
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take an unfinished run's expired lock.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Go on with a run that was stopped or killed: it reads the system and does only what is left."""
    from opskit.runner import continuing, folder

    own = folder.find(run)
    record = continuing.resume(own, seconds=seconds(timeout, "--timeout"), take_over=take_over)
    show(own, record, json=json)
    done(record.exit_code or 0)
