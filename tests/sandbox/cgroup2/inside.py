"""What pages use inside of the machine with cgroup v2: commands as a person types them, and a look around."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from opskit.sandbox.site import Site, sandboxes
from tests.sandbox.killing.machine import listing

TREE = Path("/sys/fs/cgroup")
SECONDS: dict[str, float] = {}
"""What was timed, for the page of figures."""


def opskit(*words: str) -> None:
    """One command of `opskit sandbox`; its time is kept."""
    begin = monotonic()
    done = subprocess.run([sys.executable, "-m", "opskit", "sandbox", *words], check=False)
    assert done.returncode == 0
    SECONDS[" ".join(words)] = round(monotonic() - begin, 1)


def of_machine(name: str) -> dict[str, list[str]]:
    """All that a sandbox of this name could leave behind."""
    site = Site(name)
    controllers = (TREE / "cgroup.subtree_control").read_text().split()
    return {**listing(key=site.key, run=site.run, state=sandboxes()), "controllers": controllers}


@contextmanager
def timed() -> Generator[None]:
    """Hand out what was timed meanwhile."""
    yield
    Path("/out/figures.json").write_text(json.dumps(SECONDS))
