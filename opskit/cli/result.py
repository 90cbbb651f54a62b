"""How a run ended, for people and for machines."""

from typing import TYPE_CHECKING, Any

from opskit.cli.outcome import say
from opskit.cli.output import print_json, print_text

if TYPE_CHECKING:
    from opskit.runner.folder import RunFolder
    from opskit.runner.record import Record


def show(own: "RunFolder", record: "Record", *, json: bool) -> None:
    """The result of a run: verdict and where everything is."""
    from opskit.runner import cards
    from opskit.runner.ending import verdict_of

    verdict = verdict_of(own)
    if json:
        print_json(summary(own, record))
    elif verdict:
        print_text(cards.verdict(verdict, cluster=str(record.parameters.get("cluster", ""))).text)
    say(f"opskit: {record.status.value}" + (f": {record.sentence}" if record.sentence else ""))
    say(f"Run {record.run}: {own.report if own.report.exists() else own.path}")


def summary(own: "RunFolder", record: "Record") -> dict[str, Any]:
    """What `--json` prints of a run."""
    from opskit.runner.ending import verdict_of

    return {
        "run": record.run,
        "runbook": record.runbook,
        "status": record.status,
        "exit_code": record.exit_code,
        "sentence": record.sentence,
        "error": record.error,
        "folder": str(own.path),
        "verdict": verdict_of(own),
    }
