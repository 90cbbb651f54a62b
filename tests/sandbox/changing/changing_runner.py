"""Applies a plan in a process of its own, which a test may kill, stop or cut off.

Usage: python changing_runner.py SETTINGS.json; the outcome is the last line that it prints.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from changing_lab import CODE, conditions, open_at

from opskit.core.approval import load
from opskit.core.engine import Engine
from opskit.core.journal import Journal
from opskit.core.lock import LeaseLock, identity
from opskit.core.plan import Plan
from opskit.core.progress import Progress
from opskit.core.writes import Writer


class Settings(msgspec.Struct, kw_only=True):
    """What the process is to do."""

    kubeconfig: str
    folder: str
    """The run's."""
    way: str = "apply"
    settle: dict[str, str] = {}
    seconds: float = 8.0
    """Of the lock."""
    take_over: bool = False
    signal_at: str = ""
    """The boundary at which it sends itself a signal."""
    signal: int = int(signal.SIGKILL)
    spared: list[str] = []
    """Steps at which it does not."""
    tell: bool = False
    """Print each phase as it comes."""


def main() -> None:
    """Apply, and print the outcome."""
    settings = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Settings)
    folder = Path(settings.folder)
    plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
    path, heads = folder / "journal.jsonl", folder.parent / "heads"
    stop: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append("SIGTERM"))
    with (
        open_at(Path(settings.kubeconfig)) as cluster,
        Journal.open(path, heads=heads)
        if path.exists()
        else Journal.create(path, run=folder.name, heads=heads) as journal,
    ):
        lock = LeaseLock(
            cluster,
            plan.lock,
            holder=identity(journal.run),
            run=journal.run,
            take_over=settings.take_over,
            seconds=settings.seconds,
        )
        engine = Engine(
            cluster,
            plan,
            approval=load(folder / "approval.json"),
            conditions=conditions,
            writer=Writer(cluster),
            journal=journal,
            lock=lock,
            code=CODE,
            stop=lambda: stop[0] if stop else None,
            watch=_told if settings.tell else lambda _: None,
            boundary=lambda name: _signal(settings, name, journal),
        )
        ways: dict[str, Any] = {
            "apply": engine.apply,
            "resume": lambda: engine.resume(settle=settings.settle),
            "undo": engine.undo,
        }
        outcome = ways[settings.way]()
    # Python gives signals back to their defaults before it ends: what comes now comes too late.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(msgspec.json.encode(outcome).decode(), flush=True)
    sys.exit(outcome.exit_code)


def _signal(settings: Settings, boundary: str, journal: Journal) -> None:
    step = journal.records[-1].step
    if boundary == settings.signal_at and step not in settings.spared:
        settings.spared.append(step)
        os.kill(os.getpid(), settings.signal)


def _told(progress: Progress) -> None:
    print(f"{progress.step} {progress.phase}", flush=True)


if __name__ == "__main__":
    main()
