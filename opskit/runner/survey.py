"""Every check of every system, at once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from opskit import systems
from opskit.core.findings import Data, Finding, by_severity
from opskit.core.system import System
from opskit.runner.verifying import unread

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


class Survey(Data, frozen=True):
    """What was found on a cluster."""

    cluster: str
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""


def rooms(names: Iterable[str] = ()) -> tuple[System[Any], ...]:
    """The systems of these names; no name is all of them.

    Raises:
        UnknownName: no such system.

    """
    return tuple(systems.load(name) for name in tuple(names) or systems.NAMES)


def survey(cluster: "Cluster", judged: Iterable[System[Any]]) -> Survey:
    """Read and judge systems.

    Args:
        cluster: live or a snapshot.
        judged: the systems.

    Raises:
        ReadError: the cluster does not answer at all.

    """
    read = [(room, room.facts(cluster.of(room.name))) for room in judged]
    found = [finding for room, facts in read for finding in room.checks(facts)]
    missing = tuple(reason for _, facts in read for reason in unread(facts))
    return Survey(cluster=cluster.info.name, findings=tuple(by_severity(found)), unread=missing)
