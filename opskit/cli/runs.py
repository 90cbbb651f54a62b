"""`opskit runs`: what was run here."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from opskit.cli.options import JsonOption
from opskit.cli.outcome import reported
from opskit.cli.output import print_json, print_table

if TYPE_CHECKING:
    from opskit.runner.folder import RunFolder
    from opskit.runner.record import Record

_SENTENCE = 90
"""Characters of how a run ended that the list shows."""


@reported
def command(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 20,
    json: JsonOption = False,
) -> None:
    """List the runs, newest first. `killed` is one whose process is gone without an end."""
    from opskit.runner import folder

    every = folder.every()[:limit]
    if json:
        print_json([_entry(own, record) for own, record in every])
        return
    rows = (
        (
            record.run,
            state(record),
            record.exit_code if record.exit_code is not None else "",
            _cluster(record),
            _short(record.sentence),
        )
        for _, record in every
    )
    print_table(("RUN", "STATUS", "EXIT", "CLUSTER", "ENDED"), rows)


def state(record: "Record") -> str:
    """The run's status; `killed` when nobody leads it any more."""
    from opskit.runner import folder
    from opskit.runner.record import OPEN

    gone = record.status in OPEN and record.mode == "headless" and not folder.alive(record)
    return f"killed while {record.status.value}" if gone else record.status.value


def _cluster(record: "Record") -> str:
    return record.cluster.name if record.cluster else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SENTENCE else line[: _SENTENCE - 1] + "…"


def _entry(own: "RunFolder", record: "Record") -> dict[str, Any]:
    import msgspec

    whole: dict[str, Any] = msgspec.to_builtins(record)
    return {**whole, "state": state(record), "folder": str(own.path)}
