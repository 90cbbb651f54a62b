"""`opskit diff`: what changed between two snapshots."""

from typing import Annotated

import typer

from opskit.cli.options import JsonOption
from opskit.cli.outcome import reported
from opskit.cli.output import print_json, print_table, print_text


@reported
def command(
    before: Annotated[str, typer.Argument(help="A snapshot's path, or any cluster's name.")],
    after: Annotated[str, typer.Argument(help="Another.")],
    json: JsonOption = False,
) -> None:
    """Show what differs between two snapshots: findings, OSDs, monitors, pools, PGs, deployments."""
    from opskit.core.cluster import Cluster
    from opskit.runner import cards, differences

    with Cluster.open(before) as old, Cluster.open(after) as new:
        compared = differences.compare(old, new)
    if json:
        print_json(compared)
        return
    if compared.differences:
        rows = ((each.about, each.name, each.what, each.before, each.after) for each in compared.differences)
        print_table(("ABOUT", "NAME", "WHAT", before, after), rows)
    if compared.appeared:
        print_text(cards.findings(compared.appeared, title="Appeared").text)
    if compared.gone:
        print_text(cards.findings(compared.gone, title="Gone").text)
    if not (compared.differences or compared.appeared or compared.gone):
        print_text("No difference.")
