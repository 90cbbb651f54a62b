"""`opskit runbooks`: the catalogue."""

from typing import Annotated

import typer

from opskit.cli.options import JsonOption, PathOption
from opskit.cli.outcome import done, reported, say
from opskit.cli.output import print_json, print_table


@reported
def command(
    json: JsonOption = False,
    path: PathOption = None,
    check: Annotated[bool, typer.Option("--check", help="Check every notebook's contract.")] = False,
) -> None:
    """List the runbooks, or check them all with --check."""
    from opskit.core.errors import OpsError
    from opskit.runner import catalogue
    from opskit.runner.contract import Runbook

    every = list(catalogue.checked(path or ()))
    good = [each for each in every if isinstance(each, Runbook)]
    wrong = [each for each in every if isinstance(each, OpsError)]
    for error in wrong:
        say(f"opskit: {error}")
    if json:
        print_json([each.entry() for each in good])
    else:
        rows = ((each.name, each.risk, _proven(each.proven), each.title) for each in good)
        print_table(("NAME", "RISK", "PROVEN ON", "TITLE"), rows)
    done(2 if check and wrong else 0)


def _proven(proven: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{software} {'/'.join(versions)}" for software, versions in proven.items())
