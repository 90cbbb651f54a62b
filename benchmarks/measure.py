"""How things are measured: each case in a process of its own, ours and the peer's in turn."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None
    """None: no target."""


@dataclass(frozen=True)
class Sample:
    """What one case measured of itself."""

    seconds: float
    peak_mib: float
    result: Any


def child(case: str, *arguments: str) -> Sample:
    """Run `module:function` with string arguments in a fresh interpreter and return its sample."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", case, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode:
        raise SystemExit(f"{case} failed:\n{done.stderr[-3000:]}")
    return Sample(**json.loads(done.stdout.strip().splitlines()[-1]))


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def paired(
    ours: Callable[[], Sample], peer: Callable[[], Sample], *, runs: int = 3
) -> tuple[Sample, Sample, float]:
    """Run the two in turn and give each one's median run and the median of the paired ratios."""
    pairs = [(ours(), peer()) for _ in range(runs)]
    ratio = median([theirs.seconds / mine.seconds for mine, theirs in pairs])
    middle = runs // 2
    mine = sorted((pair[0] for pair in pairs), key=lambda sample: sample.seconds)[middle]
    theirs = sorted((pair[1] for pair in pairs), key=lambda sample: sample.seconds)[middle]
    return mine, theirs, ratio


def _main(case: str, *arguments: str) -> None:
    """Time the case's inner function: it returns a callable after its own set-up."""
    module, name = case.split(":")
    function = getattr(__import__(module, fromlist=[name]), name)
    timed = function(*arguments)
    begin = time.perf_counter()
    result = timed()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "result": result}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
