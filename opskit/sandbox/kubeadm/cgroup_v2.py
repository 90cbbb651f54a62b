"""Cgroups of version 2: one tree, in which each cgroup says which controllers those below it have.

https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from opskit.sandbox.kubeadm import cgroup_tree

NEEDED = ("cpu", "cpuset", "memory", "pids")
"""What kubelet can't do without."""
_WELCOME = ("io", "hugetlb")
"""What kubelet wants, too, wherever the kernel has it."""


class Unified:
    """A cgroup in the one tree, right below its root.

    With systemd or without, nothing is asked of it: systemd leaves alone what it did not make, and the kernel
    lets nobody take a controller from the root while a cgroup below hands it on. A delegated scope would need
    a process that holds it, and a slice can't be delegated.

    Only pods are in these cgroups. The nodes' own processes stay where `up` was called, so that no cgroup
    which hands controllers on has a process in it, as the kernel demands.

    Args:
        root: where the tree is mounted.

    """

    preflight: tuple[str, ...] = ()
    kubelet: tuple[tuple[str, object], ...] = ()

    def __init__(self, root: Path) -> None:
        self._root = root

    @staticmethod
    def there(root: Path) -> bool:
        """Whether a machine has this version and no other."""
        return (root / "cgroup.controllers").exists()

    def lacks(self) -> str:
        """What keeps nodes from having cgroups here, in words; empty where nothing does."""
        missing = [name for name in NEEDED if name not in _words(self._root / "cgroup.controllers")]
        if missing:
            return f"The kernel's cgroup v2 lacks {', '.join(missing)}, says {self._root}/cgroup.controllers."
        if os.statvfs(self._root).f_flag & os.ST_RDONLY:
            return f"{self._root} is read-only: a container must be given it writable, with --privileged."
        if _occupied(self._root) and not set(NEEDED) <= set(_words(self._root / "cgroup.subtree_control")):
            return (
                f"Processes sit in {self._root} itself, a container's root: move them to a cgroup below it."
            )
        return ""

    def handed(self) -> list[str]:
        """The controllers that the root hands on."""
        return _words(self._root / "cgroup.subtree_control")

    def hand_only(self, names: Sequence[str]) -> None:
        """Have the root hand on no more than these; the kernel refuses it where a cgroup needs another.

        The runtime has the root hand on whatever the kernel has, `misc` and `rdma` among it.
        """
        for name in self.handed():
            if name not in names:
                with suppress(OSError):
                    (self._root / "cgroup.subtree_control").write_text(f"-{name}")

    def make(self, path: str) -> None:
        """Make a cgroup, and the one above it; from the root down, each hands on the controllers."""
        folder = self._root
        _hand_on(folder)
        for name in Path(path).parts:
            folder /= name
            folder.mkdir(exist_ok=True)
            _hand_on(folder)

    def remove(self, path: str) -> None:
        """Kill what is left in a cgroup, and remove it and all below it."""
        kill = self._root / path / "cgroup.kill"
        if kill.exists():
            kill.write_text("1")
        cgroup_tree.remove(self._root / path)


def _hand_on(folder: Path) -> None:
    has, control = _words(folder / "cgroup.controllers"), folder / "cgroup.subtree_control"
    handed = _words(control)
    if lacking := [name for name in (*NEEDED, *_WELCOME) if name in has and name not in handed]:
        control.write_text(" ".join(f"+{name}" for name in lacking))


def _occupied(folder: Path) -> bool:
    """Only the machine's own root, which alone has no type, may hold processes and hand on controllers."""
    return (folder / "cgroup.type").exists() and bool(_words(folder / "cgroup.procs"))


def _words(file: Path) -> list[str]:
    return file.read_text().split()
