"""Options that several commands share, and how they are read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from opskit.core.errors import BadValue

SEVERITIES = ("info", "warning", "error", "critical")

ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster", help="demo, a snapshot's path, a name in opskit.toml, or a kubeconfig context."
    ),
]
ParametersOption = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", help="A parameter as NAME=VALUE; may be repeated.")
]
PathOption = Annotated[list[Path] | None, typer.Option("--path", help="A folder of your own runbooks.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="The run folder to make.")]
FailOnOption = Annotated[
    str | None,
    typer.Option("--fail-on", help="Exit with 3 on findings at or above: info, warning, error, critical."),
]
TimeoutOption = Annotated[str, typer.Option("--timeout", help="Deadline of the whole run, e.g. 4h.")]
CellTimeoutOption = Annotated[
    str, typer.Option("--cell-timeout", help="Longest that a cell may take that changes nothing.")
]
RunArgument = Annotated[str, typer.Argument(help="A run's id, the beginning of one, or its folder.")]


def parameters(given: Iterable[str] | None, cluster: str | None) -> dict[str, str]:
    """`NAME=VALUE` as raw text by name; `--cluster` is the parameter `cluster`.

    Raises:
        BadValue: not of that form, given twice, or two different clusters.

    """
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise BadValue(f"{name or each!r} has no value.", where="-p", hint="write -p NAME=VALUE")
        if name in found:
            raise BadValue(f"The parameter {name!r} is given twice.", where="-p", hint="give it once")
        found[name] = value
    if cluster is not None and found.setdefault("cluster", cluster) != cluster:
        raise BadValue(
            f"Two clusters are given: {found['cluster']!r} and {cluster!r}.", hint="use --cluster alone"
        )
    return found


def severity(given: str | None) -> str:
    """A severity's name, or "".

    Raises:
        UnknownName: it is none.

    """
    from opskit.core.errors import UnknownName

    if given and given not in SEVERITIES:
        raise UnknownName.among("severity", given, SEVERITIES, where="--fail-on")
    return given or ""


def seconds(text: str, option: str) -> float:
    """A duration's seconds.

    Raises:
        BadValue: it is no duration.

    """
    from opskit.runner.values import SORTS

    try:
        found = SORTS["duration"].read(text)
    except ValueError:
        found = 0
    if not isinstance(found, int) or found <= 0:
        raise BadValue(f"{text!r} is not a duration such as 90s or 2h30m.", where=option)
    return float(found)
