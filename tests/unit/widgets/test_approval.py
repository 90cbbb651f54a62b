import subprocess
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opskit.core.errors import OpsError
from opskit.core.plan import Step
from opskit.widgets import applying
from opskit.widgets.approval import ApprovalPanel, summary, waiting
from tests.unit.widgets.samples import PURGE, SKIPPED, START, WHOLE, FakeRun, plan


def raised(error: OpsError) -> None:
    raise error


def panel(*steps: Step) -> tuple[ApprovalPanel, list[Any]]:
    asked: list[Any] = []

    def approve(by: str, lasts: timedelta, typed: Iterable[str], key: str) -> None:
        asked.append((by, lasts, list(typed)))

    planned = plan(*steps)
    return ApprovalPanel(FakeRun(planned), planned, approve=approve, failed=raised), asked  # type: ignore[arg-type]


def test_it_cannot_be_pressed_before_every_name_is_typed() -> None:
    shown, asked = panel(START, PURGE)
    shown.by.value = "ada"
    assert shown.button.disabled
    shown.button.click()
    assert asked == []
    shown.confirmations["osd.3"].value = "osd.4"
    assert shown.button.disabled
    shown.confirmations["osd.3"].value = "osd.3"
    assert not shown.button.disabled
    shown.span.value = "1 hour"
    shown.button.click()
    assert asked == [("ada", timedelta(hours=1), ["osd.3"])]


def test_somebody_approves() -> None:
    shown, _ = panel(START)
    shown.by.value = "  "
    assert shown.button.disabled
    assert "who approves" in shown._why.value


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((START, SKIPPED), ["1 step ", "Highest risk", "low", "live, v1.37.2"]),
        (
            (START, PURGE, WHOLE),
            ["3 steps", "high", "No dry run", "Purge osd.3", "No undo", "a purged OSD is gone"],
        ),
    ],
)
def test_it_says_what_will_be_applied_and_where(steps: tuple[Step, ...], words: list[str]) -> None:
    planned = plan(*steps)
    text = summary(FakeRun(planned), planned)  # type: ignore[arg-type]
    assert planned.hash[:12] in text
    for word in words:
        assert word in text


def test_a_step_that_only_waits_needs_no_dry_run_and_no_undo() -> None:
    planned = plan(WHOLE)
    text = summary(FakeRun(planned), planned)  # type: ignore[arg-type]
    assert "No dry run" not in text
    assert "No undo" not in text


def test_its_twin_has_the_command_that_does_the_same() -> None:
    planned = plan(START)
    assert "opskit approve /runs/1/plan.json" in waiting(FakeRun(planned), planned).text  # type: ignore[arg-type]


def keys(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def test_a_signed_approval_is_made_in_the_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hers, his = keys(tmp_path, "ada"), keys(tmp_path, "bob")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada {(tmp_path / 'ada.pub').read_text()}")
    monkeypatch.setattr(applying, "allowed_signers", lambda: allowed)
    monkeypatch.setattr(applying.Worker, "start", lambda _: None)
    run = FakeRun(planned := plan(START))
    whole = applying.Applying(run, planned)  # type: ignore[arg-type]
    shown = whole.asking
    shown.by.value = "ada"
    assert "name the SSH key" in shown._why.value
    shown.key.value = str(tmp_path / "none")
    shown.button.click()
    assert "There is no such key" in shown._why.value
    shown.key.value = str(his)
    shown.button.click()
    assert "not accepted for" in shown._why.value
    assert whole._approval is None
    shown.key.value = str(hers)
    shown.button.click()
    assert whole._approval is not None
    assert whole._approval.check(planned, allowed_signers=allowed) == "ada"
