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
    fail_on_stale: Annotated[
        bool, typer.Option("--fail-on-stale", help="Exit with 3 when a rehearsal's stamp no longer holds.")
    ] = False,
) -> None:
    """List the runbooks, or check them all with --check.

    A stamp of `opskit rehearse` is stale once the runbook or what makes its plans has changed. That is a
    warning, for a change must be able to land before it is rehearsed; --fail-on-stale is for releases.
    """
    from opskit.core.errors import OpsError
    from opskit.runner import catalogue, stamps
    from opskit.runner.contract import Runbook

    every = list(catalogue.checked(path or ()))
    good = [each for each in every if isinstance(each, Runbook)]
    wrong = [each for each in every if isinstance(each, OpsError)]
    stale = {each.name: why for each in good if (why := stamps.stale(each))}
    for error in wrong:
        say(f"opskit: {error}")
    for name, why in stale.items() if check or fail_on_stale else ():
        say(f"opskit: warning: {name}: {why}. Next: opskit rehearse {name} --stamp")
    if json:
        print_json([each.entry() for each in good])
    else:
        rows = ((each.name, each.risk, stamps.proof(each), each.title) for each in good)
        print_table(("NAME", "RISK", "PROVEN ON", "TITLE"), rows)
    done(2 if check and wrong else 3 if fail_on_stale and stale else 0)
