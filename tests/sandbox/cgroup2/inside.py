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
_SYSTEMS = ("/sbin/init", "/lib/systemd/", "(udev-worker)", "(sd-pam)")
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
    found = listing(key=site.key, run=site.run, state=sandboxes())
    # Systemd's own come and go, and are called by another name once it was told to execute itself anew.
    own = [each for each in found["processes"] if not each.startswith(_SYSTEMS)]
    controllers = (TREE / "cgroup.subtree_control").read_text().split()
    return {**found, "processes": own, "controllers": controllers}


@contextmanager
def timed() -> Generator[None]:
    """Hand out what was timed meanwhile."""
    yield
    Path("/out/figures.json").write_text(json.dumps(SECONDS))
