"""Record a cluster as it is now: what the checks, figures and plans of its systems read, redacted."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.recorder import Recorder
from opskit.core.system import System


def capture(
    cluster: Cluster,
    output: Path,
    *,
    only: Iterable[str] = (),
    also: Callable[[Cluster], object] = lambda _: None,
    told: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a snapshot.

    Args:
        cluster: what is recorded.
        output: the snapshot's file.
        only: names of systems; empty is all.
        also: asks more of the cluster: what it reads is recorded, too.
        told: hears which system is being read, and which could not be recorded whole.

    Raises:
        UnknownName: no such system.
        ReadError: the cluster itself can't be read.
        ConfigError: the file can't be written.

    """
    recorder = Recorder(cluster.reader)
    recorded = Cluster(recorder, settings=cluster.settings)
    for name in tuple(only) or systems.NAMES:
        told(f"Reading {name} of {cluster.info.name}")
        try:
            _record(systems.load(name), recorded)
        except ReadError as error:
            told(f"{name} could not be recorded whole: {error}")
    also(recorded)
    return recorder.save(output, settings=cluster.settings)


def _record(room: System[Any], recorded: Cluster) -> None:
    facts = room.facts(recorded)
    if room.record and not room.absent(facts):
        room.record(recorded, facts)
