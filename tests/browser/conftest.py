"""A real JupyterLab, started by `opskit lab`, in a real Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from opskit.sandbox.rehearsing.asking import environment
from opskit.sandbox.sandbox import Sandbox
from tests.browser.jupyter import ARGUMENTS, Server, Watched
from tests.lent import sandbox_of

PATIENCE_MS = 120_000
"""A machine that also runs a Ceph cluster is slow at times."""

CHROMIUM = os.environ.get("OPSKIT_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserContext]:
    """One profile for all tests, so that JupyterLab is fetched and compiled once."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it, or name it in OPSKIT_CHROMIUM")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(PATIENCE_MS)
        yield context
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab as `opskit lab` starts it, with a home of its own."""
    home = tmp_path_factory.mktemp("home")
    server = Server.start(home, home / "workspace")
    yield server
    server.stop()


@pytest.fixture
def page(browser: BrowserContext, lab: Server, tmp_path: Path) -> Iterator[Watched]:
    """A page whose every complaint is kept; at the end there must be none that was not expected."""
    yield from watched(browser, lab, tmp_path)


@pytest.fixture(scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Of the module's `PROFILE`; OPSKIT_TEST_SANDBOX names one that is up, to be used and left up."""
    with sandbox_of(request.module.PROFILE, "clicked") as made:
        yield made


@pytest.fixture(scope="module")
def live_lab(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab that knows the sandbox."""
    home = tmp_path_factory.mktemp("live")
    server = Server.start(home, home / "workspace", **environment(sandbox))
    yield server
    server.stop()


@pytest.fixture
def live_page(browser: BrowserContext, live_lab: Server, tmp_path: Path) -> Iterator[Watched]:
    """A page of that JupyterLab, as `page`."""
    yield from watched(browser, live_lab, tmp_path)


def watched(browser: BrowserContext, lab: Server, folder: Path) -> Iterator[Watched]:
    page = Watched(browser.new_page(), lab)
    yield page
    page.page.screenshot(path=folder / "end.png")
    page.page.close()
    page.shut_down()
    assert page.unexpected == [], "\n".join(page.unexpected)
    assert page.outside == []
