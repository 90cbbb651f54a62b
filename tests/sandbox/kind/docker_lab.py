"""A Docker daemon of the tests' own: in namespaces of its own, so that the machine's stay as they are."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opskit.sandbox.kubeadm import cgroups, sysctls
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_PROGRAMS = ("docker", "dockerd", "containerd", "runc", "debootstrap")
_SBIN = "/usr/sbin:/sbin"


class Daemon:
    """A Docker daemon that runs.

    Attributes:
        folder: what it writes to.
        pid: of the process that holds its namespaces.

    """

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder, self.pid = folder, pid

    @property
    def env(self) -> dict[str, str]:
        """What makes a client find it."""
        return {"DOCKER_HOST": f"unix://{_socket(self.folder)}"}

    def within(self, *argv: str) -> list[str]:
        """The command line that runs a program beside the daemon: in its network, and among its processes."""
        (first,) = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return ["nsenter", f"--target={first}", "--net", "--mount", "--pid", "--wd=/", *argv]

    def docker(self, *arguments: str, deadline: float = 120.0) -> str:
        """Run `docker`; its standard output."""
        return run(["docker", *arguments], deadline=deadline, env={**os.environ, **self.env})


def lacking() -> str:
    """Why no daemon can be had here, with the command that helps; empty where one can."""
    if os.geteuid() != 0:
        return "Only root can run a Docker daemon and debootstrap."
    path = f"{os.environ['PATH']}:{_SBIN}"
    missing = [name for name in _PROGRAMS if shutil.which(name, path=path) is None]
    if missing:
        return (
            f"{', '.join(missing)} missing: `apt-get install --no-install-recommends docker.io debootstrap`."
        )
    return cgroups.unfit()


@contextmanager
def daemon(folder: Path) -> Generator[Daemon]:
    """Run a daemon for the block; nothing of it is left afterwards, its images neither.

    Args:
        folder: its own, on a file system that can be the upper of an overlay; its path is short.

    """
    parent = f"opskit-docker-{os.getpid()}"
    with _kernel_settings(), (folder / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(
            _argv(folder, parent), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            made = Daemon(folder, process.pid)
            wait_until(
                lambda: bool(made.docker("version", deadline=5.0)), what="Docker answers", deadline=60.0
            )
            yield made
        finally:
            # The namespaces' first process takes all others with it: shims and containers, too.
            process.kill()
            process.wait()
            cgroups.remove(parent)
            shutil.rmtree(folder)


@contextmanager
def _kernel_settings() -> Generator[None]:
    """What kubelet sets for the whole machine is set back, once nothing else needs it."""
    place = Site(f"docker-lab-{os.getpid()}")
    place.make()
    try:
        sysctls.take(place)
        yield
    finally:
        sysctls.give_back(place)
        place.remove()


def _socket(folder: Path) -> Path:
    return folder / "docker.sock"


def _runtime(folder: Path) -> Path:
    script = folder / "runtime"
    script.write_text(
        f'#!/bin/sh\nexec {sys.executable} -ES {Path(__file__).with_name("narrow_runc.py")} "$@"\n'
    )
    script.chmod(0o755)
    return script


def _argv(folder: Path, parent: str) -> Sequence[str]:
    namespaces = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    dockerd = (
        "dockerd",
        f"--host=unix://{_socket(folder)}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'dockerd.pid'}",
        f"--cgroup-parent=/{parent}",
        f"--add-runtime=narrow={_runtime(folder)}",
        "--default-runtime=narrow",
    )
    return ["unshare", *namespaces, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *dockerd]
