"""The nodes' own cgroups (version 1): kubelet puts a node's pods below its node's."""

import errno
from pathlib import Path

from opskit.core.errors import OpsError, Unreachable
from opskit.sandbox.kubeadm.layout import Node, cgroup
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

ROOT = Path("/sys/fs/cgroup")


def unfit() -> str:
    """What this machine lacks, in words; empty where it fits."""
    if (ROOT / "cgroup.controllers").exists():
        return "This machine has cgroup v2 only; the nodes are made, and were tried, on cgroup v1."
    if not (ROOT / "cpuset").is_dir() or not (ROOT / "memory").is_dir():
        return f"No cgroup v1 hierarchies are mounted below {ROOT}."
    return ""


def make(node: Node) -> None:
    """Make a node's cgroup in every hierarchy."""
    for hierarchy in _hierarchies():
        first = hierarchy / cgroup(node.site)
        first.mkdir(exist_ok=True)
        _inherit_cpuset(hierarchy, first)
        (hierarchy / node.cgroup).mkdir(exist_ok=True)


def remove(path: str) -> None:
    """Remove a cgroup and all below it, in every hierarchy, as soon as the kernel lets go of it.

    Args:
        path: of the cgroup below each hierarchy, as `opskit-1a2b3c4d`.

    """
    for hierarchy in _hierarchies():
        for folder in _deepest_first(hierarchy / path):
            wait_until(lambda folder=folder: _removed(folder), what=f"{folder} is free", deadline=20.0)


def remove_all(site: Site) -> None:
    """Remove the cgroups of all nodes."""
    remove(cgroup(site))


def _inherit_cpuset(hierarchy: Path, first: Path) -> None:
    """A new cpuset is empty, and nothing can run in it; children are to inherit its parent's."""
    for key in ("cpuset.cpus", "cpuset.mems"):
        if (hierarchy / key).exists():
            (first / key).write_text((hierarchy / key).read_text())
    clone = first / "cgroup.clone_children"
    if clone.exists():
        clone.write_text("1")


def _hierarchies() -> list[Path]:
    return [path for path in ROOT.iterdir() if path.is_dir()] if ROOT.is_dir() else []


def _deepest_first(top: Path) -> list[Path]:
    below = [path for path in top.rglob("*") if path.is_dir()]
    return [*sorted(below, key=lambda path: len(path.parts), reverse=True), *([top] if top.is_dir() else [])]


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise _busy(folder, error) from error
    return True


def _busy(folder: Path, error: OSError) -> OpsError:
    word = "busy" if error.errno == errno.EBUSY else str(error)
    return Unreachable(
        f"The cgroup can't be removed: {word}.", where=str(folder), hint="see its cgroup.procs"
    )
