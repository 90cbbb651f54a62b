"""Kills the process that applies a plan, and who leads it, once at each boundary of each step.

Python loads this by itself in every process whose PYTHONPATH names this folder. OPSKIT_TEST_KILL lists the
boundaries, separated by commas; OPSKIT_TEST_SPARED is a file that lists where it was killed before, as
`step:boundary`.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
from pathlib import Path
from typing import Any

_ENGINE = "opskit.core.engine"


class _Finder(importlib.abc.MetaPathFinder):
    """Hands the engine a boundary once it is imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != _ENGINE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            _arm(module.Engine)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _arm(engine: Any) -> None:
    begin = engine.__init__

    def init(self: Any, *args: Any, **named: Any) -> None:
        journal = named["journal"]
        begin(self, *args, **{**named, "boundary": lambda reached: _reached(reached, journal)})

    engine.__init__ = init


def _reached(boundary: str, journal: Any) -> None:
    spared = Path(os.environ["OPSKIT_TEST_SPARED"])
    here = f"{journal.records[-1].step}:{boundary}"
    known = spared.read_text().split() if spared.exists() else []
    if boundary in os.environ["OPSKIT_TEST_KILL"].split(",") and here not in known:
        spared.write_text("\n".join([*known, here]))
        _kill()


def _kill() -> None:
    from opskit.runner.context import current

    context = current()
    if context:
        os.kill(context.leader, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if os.environ.get("OPSKIT_TEST_KILL"):
    sys.meta_path.insert(0, _Finder())
