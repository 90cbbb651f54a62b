"""`opskit capture`: record what is read of a cluster, redacted, into one file."""

from pathlib import Path
from typing import Annotated

import typer

from opskit.cli.outcome import reported, say
from opskit.cli.output import print_text


@reported
def command(
    cluster: Annotated[
        str, typer.Option("--cluster", help="A name in opskit.toml, or a kubeconfig context.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The snapshot's file.")],
    system: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system; may be repeated.")
    ] = None,
) -> None:
    """Record a snapshot of a cluster. It holds what checks and figures read, with secrets redacted."""
    from opskit.core.cluster import Cluster
    from opskit.runner.capturing import capture

    with Cluster.open(cluster) as opened:
        capture(opened, output, only=system or (), told=say)
    say(f"{output.stat().st_size / 1024:.0f} KiB")
    print_text(str(output))
