"""`opskit rehearse`: a runbook on real servers that were broken first, judged by the system's own tool."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from opskit.cli.options import JsonOption, ParametersOption, PathOption, parameters
from opskit.cli.outcome import done, reported, say
from opskit.cli.output import print_json, print_text

if TYPE_CHECKING:
    from opskit.runner.contract import Runbook
    from opskit.sandbox.rehearsing.outcome import Rehearsal


@reported
def command(
    runbook: Annotated[str, typer.Argument(help="A name of `opskit runbooks`, or a notebook's path.")],
    fault: Annotated[
        str | None,
        typer.Option("--fault", help='Broken first; by default what suits the runbook, "": nothing.'),
    ] = None,
    argument: Annotated[
        list[str] | None, typer.Option("-a", "--argument", help="Of the fault: NAME=VALUE; may be repeated.")
    ] = None,
    parameter: ParametersOption = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of a sandbox: one that is up is used, and left up.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sandbox up afterwards.")] = False,
    stamp: Annotated[
        bool, typer.Option("--stamp", help="Write the result into the notebook, if all is well.")
    ] = False,
    json: JsonOption = False,
    path: PathOption = None,
) -> None:
    """Rehearse a runbook on real servers that are broken. Runs it to its end, and asks the system's own tool.

    Exits with 0 when opskit and the tool agree (and all is well, where the runbook changes anything), 3 when
    they agree that it is not, 1 when they differ, and otherwise as plan and run do.
    """
    from opskit.core.errors import Refused
    from opskit.runner import catalogue
    from opskit.sandbox.rehearsing.rehearsal import Wanted, rehearse

    chosen = catalogue.find(runbook, path or ())
    wanted = Wanted(
        fault=fault,
        arguments=parameters(argument, None),
        parameters=parameters(parameter, None),
        name=name or "",
        keep=keep,
    )
    with _tidy_when_stopped():
        told = rehearse(chosen, wanted, say=say)
    if json:
        print_json(told)
    else:
        print_text(_text(told))
    if stamp and told.exit_code:
        raise Refused("Nothing is stamped: the rehearsal did not go well.", where=chosen.name)
    if stamp:
        _stamp(chosen, told)
    done(told.exit_code)


@contextmanager
def _tidy_when_stopped() -> Generator[None]:
    """Let SIGTERM, too, unwind what was begun, so that the sandbox is taken down."""
    from opskit.core.errors import Stopped

    def stop(*_: object) -> NoReturn:
        raise Stopped("The rehearsal was stopped.", by="SIGTERM")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _text(told: "Rehearsal") -> str:
    lines = [
        f"{told.runbook} on the profile {told.profile}, {told.fault or 'nothing broken'}: {told.sentence}",
        f"  led by      {told.led_by or 'no finding'}",
        f"  parameters  {', '.join(f'{name}={value}' for name, value in told.parameters.items()) or 'none'}",
        f"  opskit      {told.verdict or 'came to no verdict'}",
        *(f"  witness     {each.command}: {each.said or 'well'}" for each in told.witness),
        f"  versions    {', '.join(f'{name} {version}' for name, version in told.versions.items())}",
        f"  took        {told.seconds:.0f} s",
        f"  run         {told.run}",
    ]
    return "\n".join(lines)


def _stamp(runbook: "Runbook", told: "Rehearsal") -> None:
    from datetime import UTC, datetime

    from opskit.runner import stamps
    from opskit.runner.declared import Rehearsed

    made = Rehearsed(
        profile=told.profile,
        fault=told.fault,
        verdict="answered" if told.by == "answer" else "well" if told.well else "not well",
        witness=tuple(each.command for each in told.witness),
        at=f"{datetime.now(UTC):%Y-%m-%d}",
        seconds=round(told.seconds),
        cells="",
    )
    stamps.stamp(runbook, made, told.versions)
    say(f"Stamped {runbook.path}")
