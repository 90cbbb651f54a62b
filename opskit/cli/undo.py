"""`opskit undo`: take a run back."""

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
    """Take back what a run changed, last step first, where a step can be undone."""
    from opskit.runner import continuing, folder

    own = folder.find(run)
    record = continuing.undo(own, seconds=seconds(timeout, "--timeout"), take_over=take_over)
    show(own, record, json=json)
    done(record.exit_code or 0)
