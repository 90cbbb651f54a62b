"""The same in Notebook 7, which has no launcher."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Watched
from tests.browser.test_form_by_click import REMEDY
from tests.browser.test_panel import PANEL

ITS_OWN = (
    r"^warning: Menu entry for command '[\w:-]+' is duplicated",
    r"^warning: Skipping \{command: scratchpad-console:open",
    r"^warning: Settings failed to load for \(@jupyterlab/",
    r"^exception: Cannot read properties of undefined \(reading 'schema'\)$",
    r"^error: Cannot read properties of null \(reading 'updateRenderOption'\)$",
    r"^warning: \[yjs#509\] Not same Y.Doc$",
)
"""What Notebook 7.6 complains of by itself: the same lines come while opskit's extension is disabled; the
one of `updateRenderOption` stands in JupyterLab's notebook widget, when a page is closed while it draws."""


@pytest.fixture
def page(page: Watched) -> Iterator[Watched]:
    """A page whose every complaint is kept, but for Notebook's own."""
    yield page
    for pattern in ITS_OWN:
        page.expect_complaint(pattern)


def test_its_first_page_has_the_catalogue_as_a_tab(page: Watched) -> None:
    page.page.goto(f"{page.server.base}/tree?token={page.server.token}")
    expect(page.page.get_by_role("tab", name="Runbooks")).to_be_visible()
    expect(page.page.get_by_role("heading", name="Bring back an OSD that is down")).to_be_visible()


def test_a_panel_is_live_and_settles_as_text(page: Watched) -> None:
    path = page.server.notebook("nb7.ipynb", [PANEL.replace("go.wait(120)", "True")])
    page.page.goto(f"{page.server.base}/notebooks/{path}?token={page.server.token}")
    page.page.get_by_text("Python 3 (ipykernel)").first.wait_for()
    page.page.locator(".jp-Notebook .jp-Cell").first.click()
    page.page.keyboard.press("Control+Enter")
    page.output.get_by_label("Type osd.3 to confirm").fill("osd.3")
    approve = page.output.get_by_role("button", name="Approve and apply")
    expect(approve).to_be_enabled()
    approve.press("Enter")
    expect(page.output.get_by_text("Every step is done.")).to_be_visible()
    page.page.keyboard.press("Control+s")
    page.until_saved(path, lambda saved: "Every step is done." in json.dumps(saved))


def test_a_remedy_opens_the_next_runbook(page: Watched) -> None:
    path = page.server.notebook("nb7-remedy.ipynb", [REMEDY])
    page.page.goto(f"{page.server.base}/notebooks/{path}?token={page.server.token}")
    page.page.get_by_text("Python 3 (ipykernel)").first.wait_for()
    page.page.locator(".jp-Notebook .jp-Cell").first.click()
    page.page.keyboard.press("Control+Enter")
    button = page.output.get_by_role("button", name="Open rook/osd-down")
    with page.page.expect_popup() as opened:
        button.press("Enter")
    expect(opened.value.get_by_text("osd = 4  #")).to_be_visible()
