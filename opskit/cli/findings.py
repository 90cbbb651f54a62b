"""`opskit findings`: every check at once."""

from enum import StrEnum
from typing import Annotated

import typer

from opskit.cli.options import ClusterOption, FailOnOption, severity
from opskit.cli.outcome import done, reported, say
from opskit.cli.output import print_json, print_text

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
    fail_on: FailOnOption = None,
) -> None:
    """Run every check on a cluster and print what is wrong, worst first."""
    from opskit.core.cluster import Cluster
    from opskit.core.findings import Severity, at_or_above
    from opskit.runner import cards, exports, survey

    threshold, rooms = severity(fail_on), survey.rooms(system or ())
    with Cluster.open(cluster or "demo") as opened:
        say(f"Reading {cards.which(opened.info)}")
        seen = survey.survey(opened, rooms)
    _say_unread(seen.unread)
    match Format.JSON if json else output:
        case Format.JSON:
            print_json(exports.as_json(seen))
        case Format.SARIF:
            print_json(exports.as_sarif(seen))
        case Format.JUNIT:
            print_text(exports.as_junit(seen))
        case Format.TABLE:
            print_text(cards.findings(seen.findings, cluster=cluster or "demo").text)
    done(3 if threshold and at_or_above(seen.findings, Severity(threshold)) else 0)


def _say_unread(unread: tuple[str, ...]) -> None:
    for reason in unread[:_UNREAD_SHOWN]:
        say(f"Not read: {reason}")
    if len(unread) > _UNREAD_SHOWN:
        say(f"Not read: {len(unread) - _UNREAD_SHOWN} more part(s); --json has them all")
