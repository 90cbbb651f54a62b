"""`opskit lab`: JupyterLab at the runbook catalogue."""

from pathlib import Path
from typing import Annotated

import typer

from opskit.cli.outcome import done, reported

_DEFAULT = Path("~/opskit")


@reported
def command(
    directory: Annotated[
        Path, typer.Option("--dir", help="Your workspace; nothing in it is overwritten.")
    ] = _DEFAULT,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8888,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Open JupyterLab at the runbook catalogue."""
    from opskit.lab.launch import launch

    done(launch(directory, port=port, browser=browser))
