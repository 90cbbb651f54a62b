"""The command `opskit`. Each command is one module, which loads what it needs when it runs."""

import typer

from opskit.cli import (
    approve,
    capture,
    diff,
    findings,
    lab,
    plan,
    rehearse,
    resume,
    run,
    runbooks,
    runs,
    sandbox,
    verify,
)

_EPILOG = (
    "Exit codes: 0 done or nothing to do · 1 a defect of opskit · 2 wrong use · "
    "3 findings at or above --fail-on · 4 approval needed · 5 refused, nothing was changed · "
    "6 a step failed · 7 outcome unknown · 8 locked by another run · 130, 143 stopped by a signal"
)

app = typer.Typer(
    name="opskit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
    help="Runbooks for on-prem Kubernetes that apply what was reviewed and prove what they did.",
)

for _module in (runbooks, run, plan, approve, resume, verify, runs, findings, capture, diff, rehearse, lab):
    app.command(_module.__name__.rpartition(".")[2])(_module.command)

app.command("undo")(resume.undo)
app.add_typer(sandbox.app, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        from opskit import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction]
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Runbooks for on-prem Kubernetes that apply what was reviewed and prove what they did."""


def main() -> None:
    """Run the command line."""
    app()
