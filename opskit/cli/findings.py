"""`opskit findings`: every check at once."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opskit.cli.options import ClusterOption, FailOnOption, seconds, severity
from opskit.cli.outcome import done, keep_traceback, reported, say
from opskit.cli.output import print_json, print_text, save_text
from opskit.core.errors import DeadlineExceeded, OpsError, Unreachable
from opskit.core.wording import count, first_sentence

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.system import System
    from opskit.runner.survey import Survey

_UNREAD_SHOWN = 5


class Format(StrEnum):
    """How findings are printed."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


@reported
def command(
    cluster: ClusterOption = None,
    system: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system; may be repeated.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    sarif: Annotated[Path | None, typer.Option("--sarif", help="Write a SARIF 2.1.0 file, too.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write a JUnit XML file, too.")] = None,
    timeout: Annotated[
        str, typer.Option("--timeout", help="Longest that reading a system may take.")
    ] = "60s",
    fail_on: FailOnOption = None,
) -> None:
    """Print what is wrong, worst first. Runs every check on a cluster."""
    from opskit.core.cluster import Cluster
    from opskit.core.findings import Severity, at_or_above
    from opskit.runner import cards, exports, survey

    threshold, rooms = severity(fail_on), survey.rooms(system or ())
    longest = seconds(timeout, "--timeout")
    with Cluster.open(cluster or "demo", unanswered=True) as opened:
        name = ""
        try:
            say(f"Reading {cards.which(opened.info)}")
        except (Unreachable, DeadlineExceeded) as error:
            rooms, name = _without_api(opened, rooms, error), cluster or ""
        seen = survey.survey(opened, rooms, name=name, seconds=longest, told=say)
    _say_gaps(seen)
    _print(seen, Format.JSON if json else output, cluster=cluster or "demo")
    if sarif:
        save_text(sarif, exports.sarif_text(seen))
    if junit:
        save_text(junit, exports.as_junit(seen))
    _say_defects(seen)
    failed = bool(threshold and at_or_above(seen.findings, Severity(threshold)))
    done(1 if seen.defects else 3 if failed else 0)


def _without_api(
    opened: "Cluster", rooms: "tuple[System[Any], ...]", error: OpsError
) -> "tuple[System[Any], ...]":
    """The systems that can be read while no API server answers; none is that error."""
    left = tuple(room for room in rooms if room.without_api(opened))
    if not left:
        raise error
    say(f"No API server answers: {error}")
    say(f"Reading {', '.join(room.name for room in left)} over SSH; the others need an API server")
    return left


def _print(seen: "Survey", output: Format, *, cluster: str) -> None:
    from opskit.runner import exports

    match output:
        case Format.JSON:
            print_json(exports.as_json(seen))
        case Format.SARIF:
            print_text(exports.sarif_text(seen))
        case Format.JUNIT:
            print_text(exports.as_junit(seen))
        case Format.TABLE:
            print_text(_table(seen, cluster))


def _table(seen: "Survey", cluster: str) -> str:
    from opskit.runner import cards

    if seen.findings or not (seen.unread or seen.defects):
        return cards.findings(seen.findings, cluster=cluster).text
    return "No findings in what could be read; standard error says what could not."


def _say_gaps(seen: "Survey") -> None:
    if seen.absent or seen.lacking:
        say(f"Not there: {'; '.join((*seen.absent, *map(first_sentence, seen.lacking)))}")
    for reason in seen.unread[:_UNREAD_SHOWN]:
        say(f"Not read: {reason}")
    if len(seen.unread) > _UNREAD_SHOWN:
        say(f"Not read: {count(len(seen.unread) - _UNREAD_SHOWN, 'more part')}; --json has them all")


def _say_defects(seen: "Survey") -> None:
    for each in seen.defects:
        kept = keep_traceback(each.trace, name=each.system)
        say(f"opskit: A defect of opskit in {each.system}: {each.error}. Traceback: {kept}")
