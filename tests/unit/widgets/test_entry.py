import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from opskit.runner.context import Context
from opskit.widgets import entry

CANARY = "c4n4ry-of-an-ordinary-kernel"


class Kernel:
    def __init__(self, *, stdin: bool) -> None:
        self._allow_stdin = stdin


class Shell:
    def __init__(self, kernel: Kernel | None) -> None:
        self.kernel = kernel


@pytest.mark.parametrize(
    ("shell", "led", "interactive"),
    [
        (None, False, False),
        (Shell(None), False, False),
        (Shell(Kernel(stdin=False)), False, False),
        (Shell(Kernel(stdin=True)), False, True),
        (Shell(Kernel(stdin=True)), True, False),
    ],
)
def test_widgets_only_where_somebody_can_click(
    monkeypatch: pytest.MonkeyPatch, shell: Shell | None, led: bool, interactive: bool
) -> None:
    context = Context(folder="/r", notebook="/n", until=0, leader=1) if led else None
    monkeypatch.setattr("opskit.runner.context.current", lambda: context)
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    found = entry._shell()
    assert bool(found is not None and entry._someone_is_there(found)) is interactive


@pytest.fixture
def said(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Run a cell in an ordinary kernel, as JupyterLab starts it; gives the traceback that it shows."""
    manager, client = start_new_kernel(kernel_name="python3", env={**os.environ, "CANARY": CANARY})

    def run(code: str) -> str:
        reply = client.execute_interactive(code, allow_stdin=True, timeout=60, output_hook=lambda _: None)
        return "\n".join(reply["content"].get("traceback", []))

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_what_an_ordinary_kernel_shows_of_an_error(said: Callable[[str], str]) -> None:
    ours = said("import opskit; opskit.Cluster.open('nowhere')")
    assert ours.startswith("UnknownName: There is no cluster named 'nowhere'.")
    assert "Next:" not in ours.partition("\n")[2]
    assert "nowhere.py" not in ours
    assert len(ours.splitlines()) == 1
    said("run = opskit.open_run('rook/health'); token = opskit.core.secrets.resolve('env:CANARY')")
    defect = said("raise ValueError('with ' + token.reveal())")
    assert "Traceback (most recent call last)" in defect
    assert "with [secret]" in defect
    assert CANARY not in defect


def test_opening_a_run_headless_loads_no_widgets() -> None:
    code = "import sys, opskit; opskit.open_run; sys.exit(bool({'ipywidgets', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
