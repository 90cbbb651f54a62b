"""The catalogue and the launcher, as `opskit lab` opens them."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Server, Watched

COPY = """async (name) => {
    const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const headers = { Authorization: `token ${config.token}` };
    const answer = await fetch("/opskit/copies", { method: "POST", headers, body: JSON.stringify({ name }) });
    return [answer.status, await answer.json()];
}"""


def test_lab_opens_at_the_catalogue_and_every_runbook_has_a_launcher_card(page: Watched) -> None:
    page.open_lab()
    entries = page.server.api("opskit/catalogue")["entries"]
    assert "rook/osd-down" in {entry["name"] for entry in entries}
    for entry in entries:
        expect(page.page.get_by_role("heading", name=entry["title"], exact=True)).to_be_visible()
    page.page.get_by_title("New Launcher").first.click()
    cards = page.page.locator(".jp-LauncherCard")
    expect(cards.filter(has_text="Runbook catalogue")).to_be_visible()
    for entry in entries:
        expect(cards.filter(has_text=entry["title"])).to_be_visible()


def test_the_news_are_not_asked_for(page: Watched) -> None:
    page.open_lab()
    expect(page.page.get_by_text("Would you like to")).to_have_count(0)
    assert page.outside == []


def test_by_keyboard_alone_a_runbook_is_found_and_opened(page: Watched) -> None:
    page.open_lab()
    page.page.get_by_role("searchbox", name="Filter").focus()
    page.page.keyboard.type("osd-down")
    expect(page.page.locator(".opskit-card")).to_have_count(1)
    expect(page.page.get_by_role("status").filter(has_text="1 of")).to_be_visible()
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("button", name="Open Bring back an OSD that is down")).to_be_focused()
    page.page.keyboard.press("Enter")
    panel = page.page.locator(".jp-NotebookPanel:visible")
    expect(panel.get_by_role("heading", name="Bring back an OSD that is down")).to_be_visible()


def test_it_has_landmarks_headings_and_named_buttons(page: Watched) -> None:
    page.open_lab()
    tree = page.page.get_by_role("main", name="Runbook catalogue").aria_snapshot()
    for part in (
        '- heading "Runbooks" [level=1]',
        '- searchbox "Filter"',
        '- heading "Rook and Ceph" [level=2]',
        '- heading "Bring back an OSD that is down" [level=3]',
        '- button "Open Bring back an OSD that is down"',
    ):
        assert part in tree


def test_a_launcher_card_opens_the_users_copy(page: Watched) -> None:
    page.open_lab()
    page.page.get_by_title("New Launcher").first.click()
    page.page.locator(".jp-LauncherCard").filter(has_text="Bring back an OSD that is down").click()
    page.ready()
    assert (page.server.workspace / "rook" / "osd-down.ipynb").is_file()


def test_a_runbook_that_is_not_listed_is_refused_in_words(page: Watched) -> None:
    page.open_lab()
    answer = page.page.evaluate(COPY, "../../etc/passwd")
    page.expect_complaint("400")
    assert answer[0] == 400
    assert "There is no runbook named '../../etc/passwd'" in answer[1]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("opskit/catalogue", None),
        ("opskit/copies", {"name": "rook/osd-down"}),
        ("opskit/parameters", {"source": "osd = 1", "parameters": {}}),
    ],
)
def test_without_the_token_nothing_is_answered(
    lab: Server, path: str, body: dict[str, object] | None
) -> None:
    data = None if body is None else json.dumps(body).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{lab.base}/{path}", data=data), timeout=60)
    with refused.value as answer:
        assert answer.status == 403
