"""How far a plan's application is reaches the terminal while it lasts, and no notebook."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opskit.core.progress import Progress
from opskit.runner import headless
from opskit.runner.contract import Runbook
from opskit.runner.telling import Lines

AT = Progress(
    step="purge-osd-1",
    title="Purge osd.1",
    index=2,
    total=6,
    phase="checking",
    text="Purge osd.1",
    deadline_seconds=600.0,
)


def test_a_line_for_whatever_is_new() -> None:
    lines = Lines()
    told = [
        AT,
        replace(AT, phase="acting", text="Changing osd.1."),
        replace(AT, phase="waiting", text="12 PGs left.", waited_seconds=0.0),
        replace(AT, phase="waiting", text="11 PGs left.", waited_seconds=2.0),
        replace(AT, phase="waiting", text="3 PGs left.", waited_seconds=16.0),
        replace(AT, phase="done", text="osd.1 is gone"),
        replace(AT, step="", title="Goal", phase="goal", text="the goal is reached"),
    ]
    assert [lines.line(each) for each in told] == [
        "[2/6] Purge osd.1: checking",
        "[2/6] Purge osd.1: Changing osd.1",
        "[2/6] Purge osd.1: waiting: 12 PGs left",
        "",
        "[2/6] Purge osd.1: waiting: 3 PGs left (16 s of at most 600 s)",
        "[2/6] Purge osd.1: done: osd.1 is gone",
        "goal: the goal is reached",
    ]


def test_it_leaves_the_kernel_and_stays_out_of_the_notebook(
    make: Callable[..., Runbook], bare: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CANARY", "hunter2-canary")
    cell = """
from opskit.core.progress import Progress
from opskit.core.secrets import resolve
resolve("env:CANARY")
at = Progress(step="s", title="Step", index=1, total=1, phase="done", text="it is" + " so: hunter2-canary")
run.presenter.progress(run, at)"""
    heard: list[str] = []
    own, record = headless.run(make(cell, "run.verify()"), {"cluster": str(bare)}, watch=heard.append)
    assert record.exit_code == 0, record.sentence
    (line,) = [each for each in heard if "Step" in each]
    assert line.startswith("[1/1] Step: done: it is so: ")
    assert "hunter2" not in line
    assert "it is so" not in own.notebook.read_text()
