"""`opskit --help` and `opskit runbooks`: what a person waits for before anything happens."""

import os
import resource
import subprocess
import sys

from benchmarks.measure import ROOT, Row, median

USER = 0.30
RUNS = 11


def _user(words: list[str]) -> float:
    """Seconds of processor time, user, of one fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def rows() -> list[Row]:
    """Medians of fresh processes."""
    typer = median([_user(["-c", "import typer"]) for _ in range(RUNS)])
    return [_row(word, typer) for word in ("--help", "runbooks")]


def _row(word: str, typer: float) -> Row:
    mine = median([_user(["-m", "opskit", word]) for _ in range(RUNS)])
    return Row(
        f"`opskit {word}`, user time",
        f"{mine:.2f} s",
        f"`import typer` alone {typer:.2f} s",
        f"{mine / typer:.1f}x",
        f"<= {USER} s" if word == "--help" else "-",
        mine <= USER if word == "--help" else None,
    )
