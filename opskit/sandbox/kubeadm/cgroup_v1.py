"""Cgroups of version 1: a tree for each controller.

A hybrid machine, which has a tree of version 2 without controllers beside them, is one of these.
"""

from collections.abc import Sequence
from pathlib import Path

from opskit.sandbox.kubeadm import cgroup_tree

_CPUSET = ("cpuset.cpus", "cpuset.mems")


class Hierarchies:
    """A cgroup in every hierarchy.

    Args:
        root: the folder that the hierarchies are mounted in.

    """

    preflight = ("SystemVerification",)
    kubelet = (("failCgroupV1", False),)

    def __init__(self, root: Path) -> None:
        self._root = root

    @staticmethod
    def there(root: Path) -> bool:
        """Whether a machine has this version."""
        return (root / "cpuset").is_dir() and (root / "memory").is_dir()

    def lacks(self) -> str:
        """Nothing: whatever has these hierarchies will do."""
        return ""

    def handed(self) -> list[str]:
        """Nothing: each hierarchy has its controller everywhere."""
        return []

    def hand_only(self, names: Sequence[str]) -> None:
        """Nothing to do."""

    def make(self, path: str) -> None:
        """Make a cgroup, and the one above it."""
        for hierarchy in self._each():
            cgroup = hierarchy / path
            cgroup.parent.mkdir(exist_ok=True)
            _inherit_cpuset(hierarchy, cgroup.parent)
            cgroup.mkdir(exist_ok=True)

    def remove(self, path: str) -> None:
        """Remove a cgroup and all below it."""
        for hierarchy in self._each():
            cgroup_tree.remove(hierarchy / path)

    def _each(self) -> list[Path]:
        return [path for path in self._root.iterdir() if path.is_dir()]


def _inherit_cpuset(hierarchy: Path, first: Path) -> None:
    """A new cpuset is empty, and nothing can run in it; children are to inherit its parent's."""
    for key in _CPUSET:
        if (hierarchy / key).exists():
            (first / key).write_text((hierarchy / key).read_text())
    clone = first / "cgroup.clone_children"
    if clone.exists():
        clone.write_text("1")
