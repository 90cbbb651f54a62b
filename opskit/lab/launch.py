"""`opskit lab`: JupyterLab at the runbook catalogue, on loopback, behind its token."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from opskit.core.errors import UsageError
from opskit.lab import catalogue

SHARE = Path(__file__).parent / "share"
"""The front end, the server extension's switch, and the settings that only `opskit lab` uses."""

WORKSPACE = Path("~/opskit")
"""Where copies go unless told otherwise."""

GRACE_SECONDS = 8.0
"""How long JupyterLab may take to end before it is killed."""

LONGEST_RUNTIME_PATH = 50
"""A socket's path may have about 104 bytes; its name in the runtime folder takes 50."""


def launch(directory: Path = WORKSPACE, *, port: int = 8888, browser: bool = True) -> int:
    """Open JupyterLab at the catalogue and stay until it ends.

    Args:
        directory: the workspace; made if need be, nothing in it is overwritten.
        port: where to listen on 127.0.0.1; the next free one if it is taken, 0 for any.
        browser: open one.

    Returns:
        JupyterLab's exit code; 0 after Ctrl-C, 143 after SIGTERM.

    Raises:
        UsageError: the workspace can't be made.

    """
    root = prepare(directory)
    argv = arguments(root, port=port or free_port(), browser=browser)
    with runtime_folder() as runtime:
        given = environment({**os.environ, **runtime})
        return _wait(subprocess.Popen(argv, env=given, cwd=root, start_new_session=True))


def prepare(directory: Path) -> Path:
    """Make the workspace, private to the user, with a copy of every runbook and lesson.

    Raises:
        UsageError: it can't be made.

    """
    root = directory.expanduser().resolve()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        catalogue.lay_out(root)
    except OSError as error:
        raise UsageError(
            f"The workspace can't be made: {error.strerror}.",
            where=str(root),
            hint="give another folder with --dir",
        ) from error
    return root


def arguments(root: Path, *, port: int, browser: bool) -> list[str]:
    """The command that starts JupyterLab."""
    options = {
        "--ServerApp.root_dir": str(root),
        "--ServerApp.ip": "127.0.0.1",
        "--ServerApp.port": str(port),
        "--ServerApp.open_browser": str(browser),
        "--ServerApp.log_level": "WARN",
    }
    argv = [sys.executable, "-m", "jupyterlab", *(f"{name}={value}" for name, value in options.items())]
    return [*argv, "--allow-root"] if os.geteuid() == 0 else argv


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment in which JupyterLab finds opskit, however opskit was installed."""
    from opskit.lab.server import STARTED_BY_OPSKIT

    paths = {
        "JUPYTER_PATH": [SHARE / "jupyter"],
        "JUPYTER_CONFIG_PATH": [SHARE / "config", SHARE / "server"],
    }
    ours = {
        name: os.pathsep.join([*map(str, folders), *filter(None, [given.get(name)])])
        for name, folders in paths.items()
    }
    return {**given, **ours, STARTED_BY_OPSKIT: "1"}


@contextmanager
def runtime_folder() -> Generator[dict[str, str]]:
    """The environment of a runtime folder whose path is short enough for the kernels' Unix sockets."""
    from jupyter_core.paths import jupyter_runtime_dir

    if len(jupyter_runtime_dir()) <= LONGEST_RUNTIME_PATH:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="opskit-", ignore_cleanup_errors=True) as folder:
        yield {"JUPYTER_RUNTIME_DIR": folder}


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Until the process ends. A signal is passed on, and the grace begins."""
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while process.poll() is None and not stopped:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        return _end(process, stopped[0]) if stopped else process.returncode
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _end(process: "subprocess.Popen[bytes]", number: int) -> int:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return 143 if number == signal.SIGTERM else 0
