"""The incident, whole: an OSD of a real Ceph cluster is killed, and a browser repairs it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from opskit.sandbox.sandbox import Sandbox
from tests.browser.changing import change
from tests.browser.conftest import watched
from tests.browser.jupyter import Server, Watched, until

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

OSD = 5
"""That is replaced."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.up(name="browser") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def live_lab(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("live")
    server = Server.start(home, home / "workspace", KUBECONFIG=str(sandbox.kubeconfig))
    yield server
    server.stop()


@pytest.fixture
def live_page(browser: BrowserContext, live_lab: Server, tmp_path: Path) -> Iterator[Watched]:
    yield from watched(browser, live_lab, tmp_path)


def is_up(sandbox: Sandbox, osd: int) -> bool:
    nodes = sandbox.ceph("osd", "tree")["nodes"]
    return next(each for each in nodes if each["id"] == osd)["status"] == "up"


def repair(page: Watched, sandbox: Sandbox, osd: int, *, by_keyboard: bool) -> None:
    """From the health runbook's first finding, through its remedy, to the verdict."""
    health = page.server.copy("rook/health", {"cluster": sandbox.context})
    page.open_notebook(health)
    page.run_all()
    first = page.output.locator("article").first
    expect(first).to_contain_text("OSD_DOWN")
    expect(first).to_contain_text(f"osd.{osd}")
    first.get_by_role("button", name="Open rook/osd-down").click()
    page.page.wait_for_url("**/osd-down-*")
    page.ready()
    page.run_all()
    approve = page.output.get_by_role("button", name="Approve and apply")
    expect(approve).to_be_enabled()
    if by_keyboard:
        page.output.get_by_label("Approved by").focus()
        for _ in range(2):
            page.page.keyboard.press("Tab")
        expect(approve).to_be_focused()
        page.page.keyboard.press("Enter")
    else:
        approve.click()
    expect(page.output.get_by_text("run.verify()", exact=False)).to_be_visible(timeout=900_000)
    page.run_last()
    expect(page.output.last).to_contain_text("The goal is reached")


@pytest.mark.parametrize(("osd", "by_keyboard"), [(1, False), (4, True)], ids=["mouse", "keyboard"])
def test_a_killed_osd_is_found_approved_and_brought_back(
    live_page: Watched, sandbox: Sandbox, osd: int, by_keyboard: bool
) -> None:
    sandbox.inject("osd-down", osd=osd)
    assert not is_up(sandbox, osd)
    repair(live_page, sandbox, osd, by_keyboard=by_keyboard)
    assert is_up(sandbox, osd)
    live_page.save()
    live_page.shut_down()
    path = live_page.current_path()
    saved = json.loads((live_page.server.workspace / path).read_text())
    kinds = {kind for cell in saved["cells"] for output in cell.get("outputs", []) for kind in output["data"]}
    assert "application/vnd.jupyter.widget-state+json" not in saved["metadata"].get("widgets", {})
    assert "text/html" in kinds
    live_page.open_notebook(path)
    expect(live_page.output.get_by_text("The goal is reached")).to_be_visible()
    expect(live_page.output.get_by_text("model not found")).to_have_count(0)
    live_page.expect_complaint("widget model not found")
    until(lambda: not sandbox.ailments(), 300, "a healthy sandbox")


def test_an_osd_is_replaced_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    def identity() -> tuple[str, bool, bool]:
        found = next(each for each in sandbox.ceph("osd", "dump")["osds"] if each["osd"] == OSD)
        return found["uuid"], bool(found["up"]), bool(found["in"])

    before = identity()
    change(live_page, "rook/replace-osd", typed=f"osd.{OSD}", cluster=sandbox.context, osd=OSD)
    after = identity()
    assert after[0] != before[0], "another OSD bears the number"
    assert after[1:] == (True, True)
    until(lambda: not sandbox.ailments(), 300, "a healthy sandbox")
