"""What the browser tests do with JupyterLab: start it, open notebooks, run cells, look."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import ConsoleMessage, Locator, Page, Request

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]

ROOT = Path(__file__).parents[2]
"""Of the checkout, so that a notebook can import what the unit tests show."""

START_SECONDS = 180

_SLOW = re.compile(r"(took [0-9.]+ms|is taking too long) to activate")
"""JupyterLab's own remark on a busy machine."""

_NOTHING_RUNS = """() => ![...document.querySelectorAll(".jp-InputPrompt")]
    .some((prompt) => prompt.textContent.includes("[*]"))"""

_START = "import sys; from pathlib import Path; from opskit.lab.launch import launch; " + (
    "sys.exit(launch(Path(sys.argv[1]), port=0, browser=False))"
)


@dataclass
class Server:
    """A running JupyterLab."""

    process: "subprocess.Popen[str]"
    url: str
    """With its token."""
    workspace: Path
    home: Path

    @classmethod
    def start(cls, home: Path, workspace: Path, **environment: str) -> "Server":
        """Start one and wait until it names its address."""
        given = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), **environment}
        given["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH")]))
        for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "XDG_DATA_HOME"):
            given.pop(name, None)
        with (home / "lab.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _START, str(workspace)], env=given, stdout=log, stderr=log, text=True
            )
        text = until(lambda: _address(home / "lab.log", process), START_SECONDS, "JupyterLab's address")
        return cls(process, text, workspace, home)

    @property
    def base(self) -> str:
        """The address without path and token."""
        return self.url.partition("/lab")[0]

    @property
    def token(self) -> str:
        """What the address ends in."""
        return self.url.partition("token=")[2]

    def stop(self) -> float:
        """End it by SIGTERM; seconds that it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began

    def api(self, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """Ask the server's own API."""
        request = urllib.request.Request(
            f"{self.base}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def copy(self, name: str, parameters: dict[str, Any]) -> str:
        """A new copy of a runbook with these parameters; its path."""
        asked = {"name": name, "parameters": parameters, "fresh": True}
        path: str = self.api("opskit/copies", method="POST", body=asked)["path"]
        return path

    def notebook(self, name: str, cells: Sequence[str], **metadata: Any) -> str:
        """Write a notebook into the workspace; its path."""
        made = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=metadata)
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)
        return name


@dataclass
class Watched:
    """A page, and everything that it complained of."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)
    """Console errors and warnings, exceptions, failed requests."""
    expected: list[str] = field(default_factory=list)
    """Patterns of those that are no surprise."""
    outside: list[str] = field(default_factory=list)
    """Requests that left this machine."""

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("request", self._request)

    def expect_complaint(self, pattern: str) -> None:
        """What a test provokes on purpose; the browser may tell of it only later."""
        self.expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """The complaints that no test expects."""
        return [
            each for each in self.complaints if not any(re.search(known, each) for known in self.expected)
        ]

    def open_lab(self) -> None:
        """Open JupyterLab at its start page."""
        self.page.goto(self.server.url)
        self.page.locator(".opskit-card").first.wait_for()

    def open_notebook(self, path: str) -> Locator:
        """Open a notebook in a fresh layout; its panel."""
        self.page.goto(f"{self.server.base}/lab/tree/{path}?reset&token={self.server.token}")
        return self.ready()

    def ready(self) -> Locator:
        """The visible notebook, once its kernel is idle."""
        panel = self.page.locator(".jp-NotebookPanel:visible")
        panel.wait_for()
        panel.locator(".jp-KernelName", has_text="Python 3").wait_for()
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        return panel

    @property
    def output(self) -> Locator:
        """Everything that the cells of the visible notebook show."""
        return self.page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output")

    def run_all(self) -> None:
        """Run > Run All Cells, and wait until all have run."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_timeout(200)
        self.settled()

    def settled(self) -> None:
        """Wait until no cell runs or waits to run."""
        self.page.wait_for_function(_NOTHING_RUNS, timeout=300_000)

    def run_last(self) -> None:
        """Run the last cell once more, and wait until it has run."""
        self.page.locator(".jp-NotebookPanel:visible .jp-Notebook .jp-CodeCell").last.click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_timeout(200)
        self.settled()

    def current_path(self) -> str:
        """Of the notebook in front, in the workspace."""
        return self.page.url.partition("/lab/tree/")[2].partition("?")[0]

    def save(self) -> None:
        """Save the notebook in front."""
        self.page.keyboard.press("Control+s")
        self.page.locator(".jp-mod-current.jp-mod-dirty").wait_for(state="detached")

    def until_saved(self, path: str, ready: Callable[[Any], bool]) -> None:
        """Wait until what is saved is as it should be."""
        read = lambda: ready(json.loads((self.server.workspace / path).read_text()))  # noqa: E731
        until(read, 60, f"the saved {path}")

    def shut_down(self) -> None:
        """End every kernel of the server."""
        for session in self.server.api("api/sessions"):
            self.server.api(f"api/sessions/{session['id']}", method="DELETE")

    def _console(self, message: ConsoleMessage) -> None:
        slow = _SLOW.search(message.text)
        if message.type in ("error", "warning") and not slow:
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        local = (self.server.base, self.server.base.replace("http", "ws"), "data:", "blob:", "about:")
        if not request.url.startswith(local):
            self.outside.append(request.url)


def until(read: Callable[[], Any], seconds: float, what: str) -> Any:
    """Read until something is there."""
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        if found := read():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")


def _address(log: Path, process: "subprocess.Popen[str]") -> str:
    text = log.read_text()
    assert process.poll() is None, text
    found = re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", text)
    return found.group() if found else ""
