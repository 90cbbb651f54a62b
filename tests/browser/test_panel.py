"""The approval panel and the progress panel, with a run whose server is this kernel."""

import json

from playwright.sync_api import expect

from tests.browser.jupyter import Watched

PANEL = """
import threading
from opskit.core.progress import Outcome, Progress, StepState
from opskit.runner.static import StaticPresenter
from opskit.widgets.applying import Applying
from tests.unit.widgets.samples import FakeRun, PURGE, START, plan

go, count = threading.Event(), []

def at(step, index, phase, text, **details):
    return Progress(step=step.id, title=step.title, index=index, total=2, phase=phase, text=text, **details)

def perform(run):
    count.append(1)
    shown.tell(at(START, 1, "done", "osd.3 runs"))
    clock = {"waited_seconds": 4, "deadline_seconds": 300}
    shown.tell(at(PURGE, 2, "waiting", "Waits", waiting_for="osd.3 to be gone", **clock))
    assert go.wait(120)
    steps = tuple(StepState(id=each.id, title=each.title, state="done") for each in (START, PURGE))
    return Outcome(run="r", status="done", text="Every step is done.", steps=steps)

run = FakeRun(plan(START, PURGE), perform, presenter=StaticPresenter())
shown = Applying(run, run.planned)
shown.output
"""

WAITS = "Step 2 of 2: Purge osd.3. Waits for osd.3 to be gone (4 s of at most 300 s)"

BREAKS = PANEL.replace("    assert go.wait(120)", "    raise ZeroDivisionError('by a callback')")


def test_by_keyboard_alone_typed_approved_watched_and_stopped(page: Watched) -> None:
    path = page.server.notebook("keyboard.ipynb", [PANEL, "count, run.stops"])
    page.open_notebook(path)
    page.run_all()
    keys, out = page.page.keyboard, page.output
    approve = out.get_by_role("button", name="Approve and apply 2 steps")
    expect(approve).to_be_disabled()
    expect(out.get_by_role("status").filter(has_text="type 'osd.3'")).to_be_visible()
    out.get_by_label("Type osd.3 to confirm").focus()
    keys.type("osd.3")
    expect(approve).to_be_enabled()
    keys.press("Tab")
    expect(out.get_by_label("Approved by")).to_be_focused()
    keys.press("Tab")
    expect(out.get_by_label("Holds for")).to_be_focused()
    keys.press("Tab")
    expect(approve).to_be_focused()
    keys.press("Enter")
    live = out.get_by_role("status").filter(has_text=WAITS)
    expect(live).to_be_focused()
    keys.press("Tab")
    stop = out.get_by_role("button", name="Stop after this step")
    expect(stop).to_be_focused()
    keys.press("Space")
    expect(out.get_by_role("button", name="Stopping after this step")).to_be_disabled()
    page.page.locator(".jp-Notebook .jp-Cell").nth(1).click()
    page.page.keyboard.press("Control+Enter")
    expect(out.get_by_text("([1], 1)")).to_be_visible()


def test_it_can_be_read_by_a_screen_reader(page: Watched) -> None:
    page.open_notebook(page.server.notebook("reader.ipynb", [PANEL]))
    page.run_all()
    expect(page.output.get_by_role("button", name="Approve and apply")).to_be_visible()
    tree = page.output.last.aria_snapshot()
    for part in (
        '- heading "Approve and apply" [level=2]',
        '- textbox "Type osd.3 to confirm"',
        '- textbox "Approved by"',
        '- combobox "Holds for"',
        '- button "Approve and apply 2 steps" [disabled]',
        "- status",
    ):
        assert part in tree


def test_a_double_click_starts_it_once(page: Watched) -> None:
    path = page.server.notebook("twice.ipynb", [PANEL, "go.set(), count"])
    page.open_notebook(path)
    page.run_all()
    page.page.locator(".jp-Notebook .jp-Cell").nth(0).click()
    page.output.get_by_label("Type osd.3 to confirm").fill("osd.3")
    page.output.get_by_role("button", name="Approve and apply").dblclick()
    expect(page.output.get_by_text("Every step is done.")).to_be_visible()
    page.page.locator(".jp-Notebook .jp-Cell").nth(1).click()
    page.page.keyboard.press("Control+Enter")
    expect(page.output.get_by_text("(None, [1])")).to_be_visible()


def test_a_failing_callback_is_a_failed_step_and_stays_so_in_the_saved_notebook(page: Watched) -> None:
    path = page.server.notebook("breaks.ipynb", [BREAKS])
    page.open_notebook(path)
    page.run_all()
    page.output.get_by_label("Type osd.3 to confirm").fill("osd.3")
    page.output.get_by_role("button", name="Approve and apply").click()
    expect(
        page.output.get_by_role("alert").filter(has_text="ZeroDivisionError: by a callback")
    ).to_be_visible()
    expect(page.output.get_by_text("✗ failed")).to_be_visible()
    page.save()
    page.shut_down()
    saved = json.loads((page.server.workspace / path).read_text())
    assert set(saved["cells"][0]["outputs"][-1]["data"]) == {"text/html", "text/plain"}
    page.open_notebook(path)
    expect(page.output.get_by_text("✗ failed")).to_be_visible()
    expect(page.output.get_by_text("✓ done")).to_be_visible()


def test_what_is_waited_for_is_saved_while_it_lasts(page: Watched) -> None:
    path = page.server.notebook("lasting.ipynb", [PANEL])
    page.open_notebook(path)
    page.run_all()
    page.output.get_by_label("Type osd.3 to confirm").fill("osd.3")
    page.output.get_by_role("button", name="Approve and apply").click()
    expect(page.output.get_by_role("status").filter(has_text="Waits for osd.3 to be gone")).to_be_visible()
    page.save()
    page.shut_down()
    page.open_notebook(path)
    expect(page.output.get_by_text("Waits for osd.3 to be gone (4 s of at most 300 s)").first).to_be_visible()
    expect(page.output.get_by_text("model not found")).to_have_count(0)
    page.expect_complaint("widget model not found")
