"""Running a tool to its end."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from opskit.core.errors import ToolFailed
from opskit.sandbox.waiting import patience

_TOLD = 400
"""Characters of a tool's last words that an error repeats."""


def run(
    argv: Sequence[str],
    *,
    deadline: float,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    text: str | None = None,
) -> str:
    """Run a tool; its standard output.

    Args:
        argv: the program and its arguments.
        deadline: seconds; OPSKIT_PATIENCE stretches them.
        env: its whole environment; None is this process's.
        folder: to run it in.
        text: its standard input.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.

    """
    name, where = Path(argv[0]).name, " ".join(argv[1:])
    try:
        done = subprocess.run(
            list(argv),
            capture_output=True,
            text=True,
            input=text,
            timeout=deadline * patience(),
            check=False,
            env=env,
            cwd=folder,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(
            f"{name} gave no answer in {deadline:.0f} s.", exit_code_of_tool=-1, where=where
        ) from error
    if done.returncode != 0:
        raise ToolFailed(
            f"{name} failed: {done.stderr.strip()[-_TOLD:]}.",
            exit_code_of_tool=done.returncode,
            stderr=done.stderr,
            where=where,
        )
    return done.stdout
