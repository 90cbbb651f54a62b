"""A changing runbook as a person uses it in a browser."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.jupyter import Watched


def change(page: Watched, runbook: str, *, typed: str = "", **parameters: Any) -> None:
    """Open the runbook's form, run it, type what has to be typed, click, and read the verdict."""
    page.open_notebook(page.server.copy(runbook, parameters))
    page.run_all()
    approve = page.output.get_by_role("button", name="Approve and apply")
    if typed:
        expect(approve).to_be_disabled()
        page.output.get_by_label(f"Type {typed} to confirm").fill(typed)
    expect(approve).to_be_enabled()
    approve.click()
    expect(page.output.get_by_text("run.verify()", exact=False)).to_be_visible(timeout=300_000)
    page.run_last()
    expect(page.output.last).to_contain_text("The goal is reached")
