import subprocess
import sys

import pytest

from opskit.runner.context import Context
from opskit.widgets import entry


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
    assert (entry._shell_with_someone() is not None) is interactive


def test_opening_a_run_headless_loads_no_widgets() -> None:
    code = "import sys, opskit; opskit.open_run; sys.exit(bool({'ipywidgets', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
