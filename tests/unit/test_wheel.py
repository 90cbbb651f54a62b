"""The built wheel, in an environment of its own far from the repository: all that a user gets."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from opskit.sandbox.waiting import wait_until

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's programs, after `pip install` of the one wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", wheel], check=True, cwd=folder)
    return programs


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    """An empty home, and nothing of this repository in sight."""
    home = {
        name: str(tmp_path / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "OPSKIT_RUNS")
    }
    (tmp_path / "HOME").mkdir()
    return {"PATH": f"{installed}{os.pathsep}{os.defpath}", "LANG": "C.UTF-8", **home}


@pytest.fixture
def opskit(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The installed command."""

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        argv = [str(installed / "opskit"), *words]
        return subprocess.run(
            argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def test_it_is_the_wheels_own_code(installed: Path, tmp_path: Path) -> None:
    code = "import opskit; print(opskit.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)


def test_the_catalogue_and_the_demo(opskit) -> None:
    books = json.loads(opskit("runbooks", "--json").stdout)
    shipped = {f"{each.parent.name}/{each.stem}" for each in (ROOT / "runbooks").glob("*/*.ipynb")}
    assert shipped <= {each["name"] for each in books}
    found = opskit("findings", "--cluster", "demo", "--json", "--fail-on", "warning")
    assert found.returncode == 3, found.stderr
    assert "rook/OSD_DOWN" in [each["code"] for each in json.loads(found.stdout)["findings"]]


def test_a_runbook_to_its_verdict(opskit, tmp_path: Path) -> None:
    ran = opskit("run", "rook/health", "--cluster", "demo", "--out", str(tmp_path / "run"))
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_lab_starts_at_the_catalogue(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [installed / "opskit", "lab", "--no-browser", "--port", str(port), "--dir", str(tmp_path / "work")]
    with (tmp_path / "log").open("wb") as log:
        lab = subprocess.Popen(argv, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(port), what="JupyterLab serves", deadline=300.0)
        assert (tmp_path / "work" / "rook" / "health.ipynb").exists()
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(60)
    assert lab.returncode == 143
    assert "Traceback" not in (tmp_path / "log").read_text()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5) as answer:
            return "version" in json.loads(answer.read())
    except OSError:
        return False
