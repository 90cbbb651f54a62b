"""`opskit verify`: read a run's goal and findings again."""

from opskit.cli.options import JsonOption, RunArgument
from opskit.cli.outcome import done, reported, say
from opskit.cli.output import print_json, print_text


@reported
def command(run: RunArgument, json: JsonOption = False) -> None:
    """Read a run's goal and findings again. Checks that its journal is unaltered, too."""
    from opskit.runner import cards, continuing, folder

    own = folder.find(run)
    checked = continuing.verify(own)
    if json:
        print_json(checked.verdict)
    else:
        print_text(cards.verdict(checked.verdict).text)
    say(f"Journal: {checked.journal}")
    done(0 if all(goal.ok for goal in checked.verdict.goal) else 6)
