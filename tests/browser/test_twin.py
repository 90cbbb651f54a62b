"""An output that is a widget while its kernel lives and static text ever after."""

import json

from playwright.sync_api import expect

from tests.browser.jupyter import Watched

PANEL = """
from ipywidgets import Button
from opskit.runner.cards import note
from opskit.widgets.twin import Twin
button = Button(description="Press")
twin = Twin(button, note("Waits", "for a press"))
button.on_click(lambda _: twin.settle(note("Pressed", "and done")))
twin
"""


def test_the_widget_is_live_and_what_is_saved_after_it_is_static(page: Watched) -> None:
    path = page.server.notebook("twin.ipynb", [PANEL])
    page.open_notebook(path)
    page.run_all()
    button = page.output.get_by_role("button", name="Press")
    button.wait_for()
    expect(page.output.get_by_text("for a press")).to_be_hidden()
    button.press("Enter")
    page.output.get_by_text("and done").wait_for()
    page.save()
    saved = json.loads((page.server.workspace / path).read_text())
    assert set(saved["cells"][0]["outputs"][0]["data"]) == {"text/html", "text/plain"}
    assert "widgets" not in saved["metadata"]


def test_saved_while_live_it_reopens_as_text(page: Watched) -> None:
    path = page.server.notebook("unsettled.ipynb", [PANEL])
    page.open_notebook(path)
    page.run_all()
    page.output.get_by_role("button", name="Press").wait_for()
    page.save()
    page.shut_down()
    page.page.goto("about:blank")
    page.open_notebook(path)
    page.output.get_by_text("for a press").wait_for()
    expect(page.output.get_by_text("model not found")).to_have_count(0)
    page.expect_complaint("widget model not found")
