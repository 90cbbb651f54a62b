"""The parts of a system's facts: each read on its own, at the same time, and failing alone."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from opskit.core.cluster import Cluster
from opskit.core.errors import NotInSnapshot, NotInstalled, ReadError
from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object

T = TypeVar("T")
ObjectT = TypeVar("ObjectT", bound=Object)

WORKERS = 6
"""Reads of one system in flight at once."""


class Unread(Data, frozen=True):
    """A part that could not be read, and why."""

    part: str
    """The command or resource."""
    error: str
    """The error's class: `Forbidden`, `NotInstalled`, `BadAnswer`, …"""
    reason: str
    """What happened, where, and what to do next."""


Job = Callable[[], Any]


def settle(jobs: Mapping[str, Job], *, workers: int = WORKERS) -> dict[str, Any]:
    """Run all jobs at the same time; one that fails to read leaves an `Unread`, and the rest goes on.

    Args:
        jobs: part → what reads it.
        workers: how many run at once.

    Returns:
        Part → its answer or its `Unread`, in the order of `jobs`.

    Raises:
        Exception: a job's defect, once all jobs have ended.

    """
    waiting: queue.SimpleQueue[tuple[str, Job]] = queue.SimpleQueue()
    for each in jobs.items():
        waiting.put(each)
    done: dict[str, Any] = {}
    broken: list[BaseException] = []
    # Daemons, unlike those of an executor: a server that never answers must not keep the process alive.
    threads = [
        threading.Thread(target=_work, args=(waiting, done, broken), daemon=True, name="opskit-read")
        for _ in range(min(workers, len(jobs)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return {name: done[name] for name in jobs}


def _work(
    waiting: "queue.SimpleQueue[tuple[str, Job]]", done: dict[str, Any], broken: list[BaseException]
) -> None:
    while True:
        try:
            name, job = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done[name] = attempt(name, job)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            broken.append(error)


def attempt(part: str, job: Callable[[], T]) -> T | Unread:
    """The job's answer, or why there is none."""
    try:
        return job()
    except ReadError as error:
        return Unread(part=part, error=type(error).__name__, reason=str(error))


def recorded(job: Callable[[], T]) -> T | None:
    """The job's answer; None where a snapshot was taken before anybody asked for that."""
    try:
        return job()
    except NotInSnapshot:
        return None


def known(part: T | Unread, default: T) -> T:
    """The part, or `default` when it could not be read."""
    return default if isinstance(part, Unread) else part


def listed(cluster: Cluster, kind: Kind[ObjectT], *, namespace: str | None = None) -> list[ObjectT]:
    """All objects of a kind; a missing CRD is an empty list, because nothing can be of it."""
    try:
        return cluster.list(kind, namespace=namespace)
    except NotInstalled:
        return []


_ABSENT = {NotInstalled.__name__: "not installed", NotInSnapshot.__name__: "not in this snapshot"}


def absence(*parts: object) -> str:
    """Why the system that all these parts belong to is not there, or "".

    For `System.absent`: "not installed" when its CRDs are missing (every part is `NotInstalled`),
    "not in this snapshot" when the snapshot was taken without it.
    """
    errors = {part.error if isinstance(part, Unread) else "" for part in parts}
    return _ABSENT.get(errors.pop(), "") if len(errors) == 1 else ""


def unread(facts: Any) -> Iterator[tuple[str, Unread]]:
    """Name and reason of each part of the facts that could not be read, also within lists and dicts."""
    for name in getattr(facts, "__struct_fields__", ()):
        part = getattr(facts, name)
        held = part.values() if isinstance(part, dict) else part if isinstance(part, (list, tuple)) else ()
        yield from ((name, each) for each in (part, *held) if isinstance(each, Unread))
