"""The container engines that opskit's kind can use, each as what a lab must know of it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_BOTH = ("runc", "iptables", "debootstrap")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What a lab must know of a container engine."""

    name: str
    """Of its command, too."""
    programs: tuple[str, ...]
    """What must be there for it to work."""
    packages: tuple[str, ...]
    """Debian's, that have these."""
    first: Callable[[Path, str], Sequence[str]]
    """Folder, OCI runtime → what runs as its namespaces' first process. Its files go below `upper/etc`."""
    env: Callable[[Path], dict[str, str]]
    """Folder → what its clients' environment must have; kind is one."""


def _dockerd(folder: Path, runtime: str) -> Sequence[str]:
    return (
        "dockerd",
        f"--host=unix://{_socket(folder)}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'dockerd.pid'}",
        f"--add-runtime=narrow={runtime}",
        "--default-runtime=narrow",
    )


def _docker_env(folder: Path) -> dict[str, str]:
    return {"KIND_EXPERIMENTAL_PROVIDER": "docker", "DOCKER_HOST": f"unix://{_socket(folder)}"}


def _socket(folder: Path) -> Path:
    return folder / "docker.sock"


_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{folder}/data"
runroot = "/run/containers/storage"
"""
_CONTAINERS = """\
[containers]
cgroups = "no-conmon"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
image_copy_tmp_dir = "{folder}"
runtime = "narrow"
[engine.runtimes]
narrow = ["{runtime}"]
[network]
network_backend = "netavark"
"""


def _podman(folder: Path, runtime: str) -> Sequence[str]:
    """Nothing serves: the first process only takes in orphans, and each container's parent becomes one."""
    files = {
        "storage.conf": _STORAGE.format(folder=folder),
        "containers.conf": _CONTAINERS.format(folder=folder, runtime=runtime),
        "policy.json": json.dumps({"default": [{"type": "insecureAcceptAnything"}]}),
    }
    settings = folder / "upper/etc/containers"
    settings.mkdir(parents=True)
    for name, content in files.items():
        (settings / name).write_text(content)
    # A shell that waits takes in whatever ends, and leaves no zombie that podman holds for a process.
    return ("sh", "-c", "sleep infinity & wait")


DOCKER = Engine(
    name="docker",
    programs=("docker", "dockerd", "containerd", *_BOTH),
    packages=("docker.io", *_BOTH),
    first=_dockerd,
    env=_docker_env,
)
PODMAN = Engine(
    name="podman",
    programs=("podman", "conmon", "netavark", "aardvark-dns", *_BOTH),
    packages=("podman", "netavark", "aardvark-dns", *_BOTH),
    first=_podman,
    env=lambda _: {"KIND_EXPERIMENTAL_PROVIDER": "podman"},
)
