import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from opskit.core.errors import StepFailed
from opskit.core.progress import Outcome, Progress, StepState
from opskit.runner.static import StaticPresenter
from opskit.widgets.applying import Applying
from opskit.widgets.presenter import WidgetPresenter
from opskit.widgets.twin import PANEL
from tests.unit.widgets.samples import PURGE, START, FakeRun, plan

DONE = Outcome(
    run="r",
    status="done",
    text="All steps are done.",
    steps=(StepState(id="start", title=START.title, state="done"),),
)


def at(phase: str, text: str = "", **details: Any) -> Progress:
    return Progress(step="start", title=START.title, index=1, total=2, phase=phase, text=text, **details)


def after(go: threading.Event) -> Callable[[FakeRun], Outcome]:
    def perform(_: FakeRun) -> Outcome:
        assert go.wait(10)
        return DONE

    return perform


def applying(perform: Callable[[FakeRun], Outcome]) -> tuple[FakeRun, Applying]:
    planned = plan(START, PURGE)
    run = FakeRun(planned, perform, presenter=StaticPresenter())
    return run, Applying(run, planned)  # type: ignore[arg-type]


def begin(shown: Applying) -> None:
    shown.asking.confirmations["osd.3"].value = "osd.3"
    shown.asking.button.click()


def test_the_click_applies_what_was_approved_and_leaves_static_text() -> None:
    run, shown = applying(lambda _: DONE)
    begin(shown)
    assert shown.join(10)
    (approval,) = run.approvals
    assert approval.plan_hash == run.planned.hash
    assert approval.confirmations == ("osd.3",)
    assert approval.until - approval.at == timedelta(minutes=15)
    assert set(shown.output.bundle) == {"text/html", "text/plain"}
    assert "All steps are done." in shown.output.bundle["text/plain"]
    assert "run.verify()" in shown.output.bundle["text/plain"]


def test_a_second_click_does_nothing() -> None:
    go = threading.Event()
    run, shown = applying(after(go))
    begin(shown)
    shown.asking.button.click()
    go.set()
    assert shown.join(10)
    assert len(run.approvals) == 1


def test_while_it_runs_the_output_says_so_in_html_and_text_too() -> None:
    seen: list[dict[str, Any]] = []

    def perform(_: FakeRun) -> Outcome:
        shown.tell(at("waiting", "waits for osd.3 to be up", waited_seconds=12, deadline_seconds=300))
        seen.append(shown.output.bundle)
        return DONE

    _, shown = applying(perform)
    begin(shown)
    assert shown.join(10)
    assert PANEL in seen[0]
    assert "12 s of at most 300 s" in seen[0]["text/plain"]
    assert "◐ waiting" in seen[0]["text/html"]


def test_a_step_that_fails_is_shown_as_failed() -> None:
    def perform(_: FakeRun) -> Outcome:
        shown.tell(at("acting", "scales it"))
        raise StepFailed("osd.3 did not come up.", hint="look at its log")

    run, shown = applying(perform)
    begin(shown)
    assert shown.join(10)
    text = shown.output.bundle["text/plain"]
    assert "✗ failed" in text
    assert "osd.3 did not come up. Next: look at its log" in text
    assert run.folder.updates[-1]["error"].error == "StepFailed"


def test_a_defect_is_shown_as_a_failed_step_and_its_traceback_is_logged() -> None:
    def perform(_: FakeRun) -> Outcome:
        shown.tell(at("acting"))
        raise KeyError("nowhere")

    run, shown = applying(perform)
    begin(shown)
    assert shown.join(10)
    assert "A defect of opskit: KeyError" in shown.output.bundle["text/plain"]
    assert "✗ failed" in shown.output.bundle["text/html"]
    assert "Traceback" in run.folder.logged[0]


def test_the_stop_button_asks_once() -> None:
    run, shown = applying(lambda _: DONE)
    shown.progress.stop_button.click()
    assert run.stops == 1
    assert shown.progress.stop_button.disabled


def test_running_the_cell_again_shows_the_same_run_while_it_lasts() -> None:
    go, presenter = threading.Event(), WidgetPresenter()
    run = FakeRun(plan(START), after(go), presenter=StaticPresenter())
    first = presenter.approval(run)  # type: ignore[arg-type]
    assert presenter._applying is not None
    presenter._applying.asking.button.click()
    run.planned = plan(START, PURGE)
    assert presenter.approval(run) is first  # type: ignore[arg-type]
    go.set()
    assert presenter._applying.join(10)
    assert presenter.approval(run) is not first  # type: ignore[arg-type]
