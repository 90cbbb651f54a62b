"""A real JupyterLab, started by `opskit lab`, in a real Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.jupyter import ARGUMENTS, Server, Watched

CHROMIUM = os.environ.get("OPSKIT_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it, or name it in OPSKIT_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab as `opskit lab` starts it, with a home of its own."""
    home = tmp_path_factory.mktemp("home")
    server = Server.start(home, home / "workspace")
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, lab: Server, tmp_path: Path) -> Iterator[Watched]:
    """A page whose every complaint is kept; at the end there must be none that was not expected."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    watched = Watched(context.new_page(), lab)
    yield watched
    watched.page.screenshot(path=tmp_path / "end.png")
    watched.shut_down()
    context.close()
    assert watched.complaints == []
    assert watched.outside == []
