"""`opskit resume` and `opskit undo`: go on with a run, or take it back."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from opskit.cli.options import JsonOption, RunArgument, TimeoutOption, seconds
from opskit.cli.outcome import done, reported, tell
from opskit.cli.result import show
from opskit.core.errors import BadValue

if TYPE_CHECKING:
    from opskit.core.progress import Progress

_TakeOverOption = Annotated[bool, typer.Option("--take-over", help="Take an unfinished run's expired lock.")]
_SettleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--settle",
        help="STEP=done or STEP=not-done: what you saw of a step of unknown outcome.",
    ),
]


@reported
def command(
    run: RunArgument,
    timeout: TimeoutOption = "4h",
    take_over: _TakeOverOption = False,
    settle: _SettleOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run that was stopped or killed. Reads the system, and does only what is left."""
    from opskit.runner import continuing, folder, stopping

    said, longest, own = _settled(settle or ()), seconds(timeout, "--timeout"), folder.find(run)
    record = continuing.resume(own, seconds=longest, take_over=take_over, settle=said, watch=_watch())
    stopping.over()
    show(own, record, json=json)
    done(record.exit_code or 0)


@reported
def undo(
    run: RunArgument,
    timeout: TimeoutOption = "4h",
    take_over: _TakeOverOption = False,
    json: JsonOption = False,
) -> None:
    """Take back what a run changed. Last step first, where a step can be undone."""
    from opskit.runner import continuing, folder, stopping

    longest, own = seconds(timeout, "--timeout"), folder.find(run)
    record = continuing.undo(own, seconds=longest, take_over=take_over, watch=_watch())
    stopping.over()
    show(own, record, json=json)
    done(record.exit_code or 0)


def _watch() -> "Callable[[Progress], None]":
    from opskit.runner.telling import Lines

    lines = Lines()

    def watch(progress: "Progress") -> None:
        if line := lines.line(progress):
            tell(line)

    return watch


def _settled(given: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        step, _, outcome = each.partition("=")
        if not step or outcome not in ("done", "not-done"):
            raise BadValue(
                f"{each!r} is neither STEP=done nor STEP=not-done.",
                where="--settle",
                hint="the step's id stands in the sentence of the run, see `opskit runs`",
            )
        found[step] = outcome
    return found
