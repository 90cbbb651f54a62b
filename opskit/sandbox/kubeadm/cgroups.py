"""The nodes' own cgroups, in the version that this machine has: kubelet puts a node's pods below its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from opskit.core.errors import Refused
from opskit.sandbox.kubeadm.cgroup_v1 import Hierarchies
from opskit.sandbox.kubeadm.cgroup_v2 import Unified
from opskit.sandbox.kubeadm.layout import Node, cgroup
from opskit.sandbox.site import Site

ROOT = Path("/sys/fs/cgroup")


class Cgroups(Protocol):
    """What nodes need of a version of cgroups. Paths are as kubelet is told them, `opskit-1a2b3c4d/cp1`."""

    @property
    def preflight(self) -> tuple[str, ...]:
        """The preflight checks of kubeadm that a node can't pass with it; all others stay in force."""
        ...

    @property
    def kubelet(self) -> tuple[tuple[str, object], ...]:
        """What kubelet's configuration must say for it to start: names and values."""
        ...

    def lacks(self) -> str:
        """What keeps nodes from having cgroups here, in words; empty where nothing does."""
        ...

    def handed(self) -> list[str]:
        """The controllers that the root hands on: what `hand_only` brings back when no node is left."""
        ...

    def hand_only(self, names: Sequence[str]) -> None:
        """Have the root hand on no controllers but these, and those that somebody else needs now."""
        ...

    def make(self, path: str) -> None:
        """Make a cgroup and those above it. It may be there already."""
        ...

    def remove(self, path: str) -> None:
        """Remove a cgroup and all below it, as soon as the kernel lets go. It need not be there."""
        ...


def here() -> Cgroups:
    """This machine's.

    Raises:
        Refused: it has none that nodes can be made of.

    """
    if found := _found():
        return found
    raise Refused(_none(), where="this machine", hint="mount them, as every init system does.")


def unfit() -> str:
    """What this machine lacks, in words; empty where it fits."""
    found = _found()
    return found.lacks() if found else _none()


def handed() -> list[str]:
    """The controllers that the root of all cgroups hands on, where it chooses."""
    return here().handed()


def hand_only(names: Sequence[str]) -> None:
    """Have the root hand on no more than it did, as far as nobody else needs it."""
    if found := _found():
        found.hand_only(names)


def make(node: Node) -> None:
    """Make a node's cgroup."""
    here().make(node.cgroup)


def remove(path: str) -> None:
    """Remove a cgroup and all below it, as soon as the kernel lets go of it.

    Args:
        path: of the cgroup, as `opskit-1a2b3c4d`.

    """
    if found := _found():
        found.remove(path)


def remove_all(site: Site) -> None:
    """Remove the cgroups of all nodes."""
    remove(cgroup(site))


def _found() -> Cgroups | None:
    return next((version(ROOT) for version in (Unified, Hierarchies) if version.there(ROOT)), None)


def _none() -> str:
    return f"No cgroups are mounted at {ROOT}, neither v2 nor v1 with cpuset and memory."
