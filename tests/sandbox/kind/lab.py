"""A container engine of the tests' own: in namespaces of its own, so that the machine's stay as they are."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opskit.sandbox.kubeadm import cgroups, sysctls
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until
from tests.sandbox.kind.engines import Engine

_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin:/usr/lib/podman"
_NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_OWN = """\
ip link set lo up
mount -t tmpfs run /run
mount -t tmpfs shm /dev/shm
for place in /etc /var/lib; do
  mkdir -p "$0/upper$place" "$0/work$place"
  mount -t overlay -o "lowerdir=$place,upperdir=$0/upper$place,workdir=$0/work$place" lab "$place"
done
touch "$0/apart"
exec "$@"
"""
"""What engines keep for the whole machine they keep for themselves; nor do they see its systemd."""


class Lab:
    """A container engine that can be used.

    Attributes:
        engine: which one.
        folder: what it writes to.
        pid: of the process that holds its namespaces.

    """

    def __init__(self, engine: Engine, folder: Path, pid: int) -> None:
        self.engine, self.folder, self.pid = engine, folder, pid

    @property
    def env(self) -> dict[str, str]:
        """What makes its clients find it."""
        return {"PATH": _PATH, **self.engine.env(self.folder)}

    def within(self, *argv: str) -> list[str]:
        """The command line that runs a program beside it: in its network, and among its processes."""
        (first,) = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return ["nsenter", f"--target={first}", "--net", "--mount", "--pid", "--wd=/", *argv]

    def call(self, *arguments: str, deadline: float = 120.0) -> str:
        """Run the engine's own command; its standard output."""
        argv = self.within(self.engine.name, *arguments)
        return run(argv, deadline=deadline, env={**os.environ, **self.env})


def lacking(engine: Engine) -> str:
    """Why it can't be had here, with the command that helps; empty where it can."""
    if os.geteuid() != 0:
        return f"Only root can give {engine.name} namespaces of its own, and run debootstrap."
    missing = [name for name in engine.programs if shutil.which(name, path=_PATH) is None]
    if missing:
        packages = " ".join(engine.packages)
        return f"{', '.join(missing)} missing: `apt-get install --no-install-recommends {packages}`."
    return cgroups.unfit()


@contextmanager
def lab(engine: Engine) -> Generator[Lab]:
    """Have an engine for the block; nothing of it is left afterwards, its images neither."""
    # Its file system must do as the upper of an overlay; the path is short, for a socket lies in it.
    folder = Path(tempfile.gettempdir(), f"opskit-{engine.name}-{os.getpid()}")
    folder.mkdir(mode=0o700)
    parent = folder.name
    with _kernel_settings(parent), (folder / "engine.log").open("ab") as log:
        argv = _argv(engine, folder, parent)
        env = {**os.environ, "PATH": _PATH}
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env
        )
        made = Lab(engine, folder, process.pid)
        try:
            wait_until(lambda: _answers(made), what=f"{engine.name} answers", deadline=60.0)
            yield made
        finally:
            # The namespaces' first process takes all others with it: shims and containers, too.
            process.kill()
            process.wait()
            cgroups.remove(parent)
            shutil.rmtree(folder)


def _answers(made: Lab) -> bool:
    """Whether it can be asked, and is not asked before its namespaces are its own."""
    return (made.folder / "apart").exists() and bool(made.call("info", deadline=15.0))


@contextmanager
def _kernel_settings(name: str) -> Generator[None]:
    """What kubelet sets for the whole machine is set back, once nothing else needs it."""
    place = Site(name)
    place.make()
    try:
        sysctls.take(place)
        yield
    finally:
        sysctls.give_back(place)
        place.remove()


def _argv(engine: Engine, folder: Path, parent: str) -> Sequence[str]:
    first = engine.first(folder, str(_runtime(folder, parent)))
    return ["unshare", *_NAMESPACES, "sh", "-ec", _OWN, str(folder), *first]


def _runtime(folder: Path, parent: str) -> Path:
    """A script that is runc with all containers below one cgroup."""
    script = folder / "runtime"
    here = Path(__file__).with_name("narrow_runc.py")
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -ES {here} {parent} "$@"\n')
    script.chmod(0o755)
    return script
