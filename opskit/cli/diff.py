"""`opskit diff`: what changed between two snapshots."""

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from opskit.cli.options import JsonOption
from opskit.cli.outcome import reported, say
from opskit.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from opskit.runner.differences import Difference


@reported
def command(
    before: Annotated[str, typer.Argument(help="A snapshot's path, or any cluster's name.")],
    after: Annotated[str, typer.Argument(help="Another.")],
    json: JsonOption = False,
) -> None:
    """Show what differs between two looks at a cluster. Findings, each system's own terms, then objects."""
    from opskit.core.cluster import Cluster
    from opskit.runner import cards, differences

    with Cluster.open(before) as old, Cluster.open(after) as new:
        compared = differences.compare(old, new)
    if json:
        print_json(compared)
        return
    if compared.differences:
        print_table(("ABOUT", "NAME", "WHAT", "BEFORE", "AFTER"), map(_row, compared.differences))
    if compared.appeared:
        print_text(cards.findings(compared.appeared, title="Appeared").text)
    if compared.gone:
        print_text(cards.findings(compared.gone, title="Gone").text)
    if compared.uncompared:
        say(f"Only in one of them, and not compared: {', '.join(compared.uncompared)}")
    if not (compared.differences or compared.appeared or compared.gone):
        print_text("No difference.")


def _row(each: "Difference") -> tuple[str, ...]:
    about = f"{each.system}: {each.about}" if each.system else each.about
    return (about, each.name, each.what, *(textwrap.shorten(text, 60) for text in (each.before, each.after)))
