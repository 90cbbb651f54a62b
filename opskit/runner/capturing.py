"""Record a cluster as it is now: what the checks, figures and plans of its systems read, redacted."""

from collections.abc import Callable, Iterable
from pathlib import Path

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.recorder import Recorder


def capture(
    cluster: Cluster,
    output: Path,
    *,
    only: Iterable[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a snapshot.

    Args:
        cluster: what is recorded.
        output: the snapshot's file.
        only: names of systems; empty is all.
        told: hears which system is being read.

    Raises:
        UnknownName: no such system.
        ReadError: the cluster itself can't be read.
        ConfigError: the file can't be written.

    """
    recorder = Recorder(cluster.reader)
    recorded = Cluster(recorder, settings=cluster.settings)
    for name in tuple(only) or systems.NAMES:
        told(name)
        room = systems.load(name)
        facts = room.facts(recorded)
        if room.record:
            room.record(recorded, facts)
    return recorder.save(output, settings=cluster.settings)
