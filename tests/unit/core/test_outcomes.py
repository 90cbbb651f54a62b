"""What a journal tells, and how a run ended."""

from datetime import UTC, datetime
from typing import Any

import pytest

from opskit.core.chain import Record
from opskit.core.errors import (
    ApprovalRejected,
    LockHeld,
    LockLost,
    OpsError,
    OutcomeUnknown,
    PlanChanged,
    Refused,
    StepFailed,
    Stopped,
    Unreachable,
    WriteRejected,
)
from opskit.core.history import traces
from opskit.core.outcomes import outcome
from opskit.core.plan import Lock, Plan, Scale, Step, Target, Undo

TARGET = Target(kind="Deployment", name="d")


def plan() -> Plan:
    steps = tuple(
        Step(
            id=name,
            title=name,
            action=Scale(replicas=0),
            target=TARGET,
            reason="",
            undo=Undo(action=Scale(replicas=1)) if name != "b" else None,
            no_undo="data is gone" if name == "b" else "",
        )
        for name in "abc"
    )
    return Plan(
        runbook="r",
        system="s",
        title="t",
        cluster="c",
        cluster_uid="u",
        parameters={},
        code="",
        steps=steps,
        lock=Lock(namespace="n", name="l"),
        goal=(),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )


def journal(*lines: str) -> list[Record]:
    """Records of `step phase [outcome]`."""
    found: list[Record] = []
    for seq, line in enumerate(lines, start=1):
        step, phase, *rest = line.split(maxsplit=2)
        data: dict[str, Any] = {"outcome": rest[0]} if rest else {}
        found.append(Record(seq=seq, at="", run="r", step=step, phase=phase, data=data, prev=""))
    return found


DONE = ("a intent", "a acknowledged", "a done")


@pytest.mark.parametrize(
    ("lines", "reached", "acted"),
    [
        (("a checked",), "nothing", False),
        (("a skipped",), "skipped", False),
        (("a already",), "already", False),
        (("a intent",), "open", False),
        (("a intent", "a declined"), "nothing", False),
        (("a intent", "a read-back not applied"), "nothing", False),
        (("a intent", "a read-back unknown"), "open", False),
        (("a intent", "a acknowledged"), "acknowledged", True),
        (DONE, "done", True),
        (("a intent", "a settled done"), "acknowledged", True),
        (("a intent", "a settled not-done"), "nothing", False),
        ((*DONE, "a rechecked", "a intent"), "open", True),
    ],
)
def test_how_far_a_step_came(lines: tuple[str, ...], reached: str, acted: bool) -> None:
    forth = traces(journal(*lines))["a"].forth
    assert (forth.reached, forth.acted) == (reached, acted)


def test_the_way_back_is_told_apart() -> None:
    trace = traces(journal(*DONE, "a undo-intent"))["a"]
    assert (trace.forth.reached, trace.back.reached) == ("done", "open")


STOPPED = Stopped("stopped", by="SIGTERM")


@pytest.mark.parametrize(
    ("lines", "error", "status", "code"),
    [
        (DONE, None, "done", 0),
        (("a already",), None, "nothing-to-do", 0),
        ((), ApprovalRejected("no"), "refused", 5),
        ((), PlanChanged("no"), "refused", 5),
        ((), WriteRejected("no", dry_run=True), "refused", 5),
        ((), LockHeld("no"), "refused", 8),
        ((), LockLost("no"), "refused", 5),
        ((), Unreachable("no"), "refused", 5),
        (("a checked",), Refused("no"), "refused", 5),
        (("a intent", "a declined"), WriteRejected("no"), "refused", 5),
        (DONE, Refused("no"), "failed", 6),
        (DONE, LockLost("no"), "failed", 6),
        (DONE, Unreachable("no"), "failed", 6),
        ((), StepFailed("no"), "failed", 6),
        (("a intent",), OutcomeUnknown("no"), "unknown", 7),
        (DONE, STOPPED, "stopped", 143),
        ((), Stopped("stopped", by="SIGINT"), "stopped", 130),
        ((), Stopped("stopped", by="button"), "stopped", 130),
    ],
)
def test_status_and_exit_code(lines: tuple[str, ...], error: OpsError | None, status: str, code: int) -> None:
    found = outcome(plan(), journal(*lines), run="r", error=error)
    assert (found.status, found.exit_code) == (status, code)
    assert (found.error or {}).get("exit_code", 0) == code
    assert ("Nothing was changed" in found.text) == (status == "refused")


def test_what_an_earlier_call_did_is_not_this_ones_doing() -> None:
    found = outcome(plan(), journal(*DONE), run="r", error=ApprovalRejected("no"), since=3)
    assert (found.status, found.exit_code) == ("refused", 5)
    assert "Nothing more was changed. In place: a; `opskit undo r` takes it back." in found.text


def test_the_step_that_failed_is_named() -> None:
    found = outcome(plan(), journal(*DONE, "b checked"), run="r", error=StepFailed("b broke"), failed="b")
    assert [(each.id, each.state) for each in found.steps] == [
        ("a", "done"),
        ("b", "failed"),
        ("c", "pending"),
    ]
    assert found.undoable == ("a",)


def test_a_stopped_step_keeps_its_state() -> None:
    found = outcome(plan(), journal("a intent", "a acknowledged"), run="r", error=STOPPED, failed="a")
    assert found.steps[0].state == "acknowledged"


def test_what_can_not_be_taken_back_is_said_with_its_reason() -> None:
    lines = (
        *DONE,
        "b intent",
        "b acknowledged",
        "b done",
        "a undo-intent",
        "a undo-acknowledged",
        "a undo-done",
    )
    found = outcome(plan(), journal(*lines), run="r", error=None, undone=True)
    assert (found.status, found.steps[0].state) == ("undone", "undone")
    assert found.text == "Taken back: a. Can't be taken back: b (data is gone)."
