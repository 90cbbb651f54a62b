"""Remake docs/screenshots from the real thing: a sandbox with a killed OSD, JupyterLab, Chromium.

    make screenshots

Nothing is staged but the fault: the pictures show what a person would see.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from opskit.sandbox.sandbox import Sandbox  # noqa: E402
from tests.browser.jupyter import ARGUMENTS, Server, Watched  # noqa: E402

PICTURES = ROOT / "docs" / "screenshots"
SIZE: ViewportSize = {"width": 1280, "height": 900}
LARGEST = 200_000
"""Bytes of a picture."""
OSD = 3
PATIENCE_MS = 600_000


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        Sandbox.up(name="screenshots") as sandbox,
        tempfile.TemporaryDirectory(prefix="opskit-pictures-") as folder,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE_MS)
        sandbox.inject("osd-down", osd=OSD)
        report(page, sandbox, Path(folder))
        server = Server.start(Path(folder), Path(folder) / "workspace", KUBECONFIG=str(sandbox.kubeconfig))
        try:
            lab(Watched(page, server), sandbox)
        finally:
            server.stop()
            browser.close()


def report(page: Page, sandbox: Sandbox, folder: Path) -> None:
    """What a headless run leaves behind, opened as a file."""
    given = {**os.environ, "KUBECONFIG": str(sandbox.kubeconfig), "OPSKIT_RUNS": str(folder / "runs")}
    out = folder / "health"
    argv = ["run", "rook/health", "--cluster", sandbox.context, "--out", str(out)]
    subprocess.run([sys.executable, "-m", "opskit", *argv], env=given, check=True, stdout=subprocess.DEVNULL)
    page.goto((out / "report.html").as_uri())
    page.wait_for_load_state("networkidle")
    keep(page, "report")


def lab(watched: Watched, sandbox: Sandbox) -> None:
    """Launcher, catalogue, and the repair before and after its approval."""
    page = watched.page
    watched.open_lab()
    keep(page, "catalogue")
    page.get_by_title("New Launcher").first.click()
    page.locator(".jp-LauncherCard").filter(has_text="Runbook catalogue").wait_for()
    keep(page, "launcher")
    watched.open_notebook(watched.server.copy("rook/osd-down", {"cluster": sandbox.context, "osd": OSD}))
    page.get_by_role("tab", name="File Browser").click()
    watched.run_all()
    approve = watched.output.get_by_role("button", name="Approve and apply")
    approve.wait_for()
    show(page, "Asks for an approval")
    keep(page, "approval")
    approve.click()
    watched.output.get_by_text("run.verify()").wait_for()
    watched.run_last()
    watched.output.get_by_text("The goal is reached").wait_for()
    show(page, "Asks for an approval")
    keep(page, "applied")


def show(page: Page, text: str) -> None:
    """Bring the part of the notebook that begins with this text to the top."""
    page.locator(".jp-NotebookPanel:visible").get_by_text(text).first.evaluate(
        "node => node.closest('.jp-Cell').scrollIntoView({ block: 'start' })"
    )
    page.wait_for_timeout(500)


def keep(page: Page, name: str) -> None:
    """Save a picture, and refuse one that is too large for a repository."""
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}: show less in it")
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
