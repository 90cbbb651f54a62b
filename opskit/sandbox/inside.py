"""Which of opskit's systems a cluster has that opskit did not fill itself."""

from typing import NamedTuple

from opskit.core.cluster import Cluster
from opskit.core.errors import OpsError
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.runner import survey
from opskit.sandbox.sandbox import Sandbox

_SECONDS = 30.0


class Inside(NamedTuple):
    """What a cluster has."""

    systems: tuple[str, ...]
    """Those that can be read."""
    absent: tuple[str, ...]
    """Those that are not there: `vault: not installed`."""
    unread: tuple[str, ...]
    """What could not be read, and why: a system that it is of may not be there after all."""


def look(sandbox: Sandbox) -> Inside:
    """Ask the cluster behind a sandbox; a system that does not answer counts as there.

    Raises:
        OpsError: the kubeconfig or the cluster can't be used.

    """
    source = credentials(sandbox.context, kubeconfig=str(sandbox.kubeconfig))
    every = survey.rooms()
    with Cluster(LiveReader(ApiServer(source), name=sandbox.context)) as cluster:
        seen = survey.survey(cluster, every, seconds=_SECONDS)
    missing = {line.partition(":")[0] for line in seen.absent}
    return Inside(tuple(room.name for room in every if room.name not in missing), seen.absent, seen.unread)


def told(sandbox: Sandbox) -> str:
    """What a cluster has, in a sentence."""
    try:
        found = look(sandbox)
    except OpsError as error:
        return f"What is in it can't be told: {error}"
    there = ", ".join(found.systems) or "none of opskit's systems"
    gone = f" Not there: {'; '.join(found.absent)}." if found.absent else ""
    of = ", ".join(dict.fromkeys(line.partition(":")[0] for line in found.unread))
    gaps = f" Not all could be read of: {of}; `opskit findings` says why." if of else ""
    return f"In it: {there}.{gone}{gaps}"
