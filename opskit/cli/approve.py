"""`opskit approve`: approve a plan as it was reviewed."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from opskit.cli.options import seconds
from opskit.cli.outcome import reported, say
from opskit.cli.output import print_text


@reported
def command(
    plan: Annotated[str, typer.Argument(help="A plan.json, or the run that made it.")],
    by: Annotated[str | None, typer.Option("--by", help="Who approves; default: the user's name.")] = None,
    until: Annotated[str, typer.Option("--until", help="For how long, e.g. 1h.")] = "1h",
    confirm: Annotated[
        list[str] | None, typer.Option("--confirm", help="A name that a destructive step asks for.")
    ] = None,
    sign: Annotated[Path | None, typer.Option("--sign", help="SSH key to sign with.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: approval.json beside the plan.")
    ] = None,
) -> None:
    """Approve a plan as it was reviewed. Prints the approval's path, for `opskit run --approval`."""
    import getpass
    import sys

    from opskit.core import approval
    from opskit.runner import cards, plans

    path = plans.find(plan)
    reviewed = plans.load(path)
    say(cards.plan(reviewed).text)
    asked = sorted(
        {step.confirm for step in reviewed.steps if step.confirm and not step.skip} - set(confirm or ())
    )
    typed = [*(confirm or ()), *(_ask(name) for name in asked if sys.stdin.isatty())]
    _require_all(asked, typed)
    made = approval.approve(
        reviewed,
        by=by or getpass.getuser(),
        lasts=timedelta(seconds=seconds(until, "--until")),
        confirmations=typed,
    )
    made = made.signed(sign) if sign else made
    target = output or path.with_name("approval.json")
    made.save(target)
    say(
        f"Approved by {made.by} until {made.until:%Y-%m-%d %H:%M:%S} UTC: "
        f"plan {made.plan_hash[:12]} on {reviewed.cluster}."
    )
    print_text(str(target))


def _ask(name: str) -> str:
    typed = str(
        typer.prompt(
            f"This plan destroys. Type {name!r} to confirm", err=True, default="", show_default=False
        )
    )
    return typed.strip()


def _require_all(asked: list[str], typed: list[str]) -> None:
    from opskit.core.errors import ApprovalNeeded

    missing = [name for name in asked if name not in typed]
    if missing:
        raise ApprovalNeeded(
            f"Not approved: {', '.join(map(repr, missing))} was not confirmed.",
            hint=" ".join(f"--confirm {name}" for name in missing),
        )
