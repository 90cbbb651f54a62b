"""The parameter form and a finding's remedy: from an output into a notebook's parameters cell."""

import nbformat
from playwright.sync_api import expect

from tests.browser.jupyter import Watched

REMEDY = """
from opskit.core.findings import Finding, Remedy, Severity
from opskit.widgets.presenter import WidgetPresenter
from tests.unit.widgets.samples import FakeRun, plan
run = FakeRun(plan())
run.parameters = {"cluster": "demo"}
run.found = (Finding(code="rook/OSD_DOWN", severity=Severity.ERROR, subject="osd.4", summary="osd.4 is down",
                     remedy=Remedy(text="bring it back", runbook="rook/osd-down", parameters={"osd": 4})),)
WidgetPresenter().findings(run)
"""


def parameters_of(page: Watched, path: str) -> str:
    notebook = nbformat.read(page.server.workspace / path, as_version=4)
    return next(cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))


def test_a_missing_value_is_asked_for_and_written_into_the_parameters_cell(page: Watched) -> None:
    page.open_notebook("rook/osd-down.ipynb")
    page.run_all()
    expect(page.output.get_by_role("alert").filter(has_text="required")).to_be_visible()
    field = page.output.get_by_label("osd", exact=True)
    field.fill("three")
    expect(page.output.get_by_role("alert").filter(has_text="'three'")).to_be_visible()
    use = page.output.get_by_role("button", name="Use these values")
    expect(use).to_be_disabled()
    field.fill("3")
    expect(use).to_be_enabled()
    use.press("Enter")
    expect(page.page.locator(".jp-NotebookPanel:visible").get_by_text("osd = 3  #")).to_be_visible()
    page.settled()
    page.save()
    assert "osd = 3  # integer" in parameters_of(page, "rook/osd-down.ipynb")


def test_a_remedy_opens_the_next_runbook_with_its_parameters(page: Watched) -> None:
    page.open_notebook(page.server.notebook("remedy.ipynb", [REMEDY]))
    page.run_all()
    expect(page.output.get_by_text("opskit run rook/osd-down")).to_be_visible()
    page.output.get_by_role("button", name="Open rook/osd-down").press("Enter")
    panel = page.page.locator(".jp-NotebookPanel:visible")
    expect(panel.get_by_text("osd = 4  #")).to_be_visible()
    assert "osd = 4  #" in parameters_of(page, "rook/osd-down-cluster-demo-osd-4.ipynb")


def test_the_remedy_works_from_a_saved_notebook_without_its_kernel(page: Watched) -> None:
    page.open_notebook(page.server.notebook("saved.ipynb", [REMEDY]))
    page.run_all()
    page.save()
    page.shut_down()
    page.open_notebook("saved.ipynb")
    page.output.get_by_role("button", name="Open rook/osd-down").click()
    expect(page.page.locator(".jp-NotebookPanel:visible").get_by_text("osd = 4  #")).to_be_visible()
