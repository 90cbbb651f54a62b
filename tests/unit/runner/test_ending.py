"""How a run's status and exit code are decided: pure, so as a table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from opskit.core.findings import Finding, Severity
from opskit.runner.ending import decide
from opskit.runner.execution import Ended
from opskit.runner.record import ErrorNote, Record, Status
from opskit.runner.verdict import Goal, Verdict

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FINDING = Finding(code="rook/X", severity=Severity.ERROR, subject="s", summary="It is so.")
ALL = Ended(how="all")


def record(**fields: Any) -> Record:
    return Record(run="r", runbook="rook/try", started=NOW, **fields)


def verdict(*, good: bool = True, **fields: Any) -> Verdict:
    told: dict[str, Any] = {"findings": (), "changed": False, **fields}
    return Verdict(cluster="c", sentence="So it is.", good=good, **told)


def error(code: int, name: str = "Some") -> ErrorNote:
    return ErrorNote(error=name, what="What.", exit_code=code)


REACHED = verdict(changed=True, goal=(Goal(text="up", ok=True, state="up"),))
MISSED = verdict(changed=True, goal=(Goal(text="up", ok=False, state="down"),))
FOUND = verdict(findings=(FINDING,), worst="error")


@pytest.mark.parametrize(
    ("run", "ended", "seen", "fail_on", "status", "code"),
    [
        (record(), ALL, verdict(), "", Status.COMPLETED, 0),
        (record(), ALL, None, "", Status.DEFECT, 1),
        (record(), ALL, REACHED, "", Status.COMPLETED, 0),
        (record(), ALL, MISSED, "", Status.FAILED, 6),
        (record(), ALL, FOUND, "", Status.COMPLETED, 0),
        (record(), ALL, FOUND, "critical", Status.COMPLETED, 0),
        (record(), ALL, FOUND, "error", Status.FINDINGS, 3),
        (record(), ALL, FOUND, "warning", Status.FINDINGS, 3),
        (record(status=Status.PLANNED_ONLY), ALL, verdict(), "", Status.PLANNED_ONLY, 0),
        (record(status=Status.NOTHING_TO_DO), ALL, verdict(), "", Status.NOTHING_TO_DO, 0),
        (record(error=error(4)), Ended(how="error"), None, "", Status.APPROVAL_NEEDED, 4),
        (record(error=error(5)), Ended(how="error"), None, "", Status.REFUSED, 5),
        (record(error=error(6)), Ended(how="error"), REACHED, "", Status.FAILED, 6),
        (record(error=error(7)), Ended(how="error"), None, "", Status.UNKNOWN, 7),
        (record(error=error(8)), Ended(how="error"), None, "", Status.LOCKED, 8),
        (record(), Ended(how="error", name="ValueError", text="x"), None, "", Status.DEFECT, 1),
        (record(), Ended(how="error", name="SystemExit", text="0"), verdict(), "", Status.DEFECT, 1),
        (record(), Ended(how="kernel-died"), None, "", Status.DEFECT, 1),
        (record(status=Status.APPLYING), Ended(how="kernel-died"), None, "", Status.UNKNOWN, 7),
        (record(), Ended(how="stopped", reason="SIGTERM"), None, "", Status.STOPPED, 143),
        (record(), Ended(how="stopped", reason="SIGINT"), verdict(), "", Status.STOPPED, 130),
        (record(), Ended(how="stopped", reason="button"), None, "", Status.STOPPED, 130),
        (record(status=Status.APPLYING), Ended(how="stopped", reason="SIGTERM"), None, "", Status.UNKNOWN, 7),
        (
            record(error=error(143, "Stopped")),
            Ended(how="stopped", reason="SIGTERM"),
            None,
            "",
            Status.STOPPED,
            143,
        ),
        (record(error=error(6)), Ended(how="stopped", reason="SIGTERM"), None, "", Status.FAILED, 6),
        (record(), Ended(how="stopped", reason="deadline"), None, "", Status.REFUSED, 5),
        (record(approved_by="a"), Ended(how="stopped", reason="deadline"), None, "", Status.FAILED, 6),
        (record(), Ended(how="unsaved", text="No space left"), None, "", Status.REFUSED, 5),
        (record(status=Status.APPLYING), Ended(how="unsaved", text="No space"), None, "", Status.FAILED, 6),
    ],
)
def test_decided(
    run: Record, ended: Ended, seen: Verdict | None, fail_on: str, status: Status, code: int
) -> None:
    found = decide(run, ended, seen, fail_on=fail_on)
    assert (found.status, found.exit_code) == (status, code)
    assert found.sentence or not code
    assert found.ended is not None
