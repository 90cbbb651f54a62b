"""What became of a write that got no answer: read from the system, never guessed.

A write is bound to the resourceVersion that was read before it, so that a repetition of it can
never take effect after the first: at most one of the two is accepted.
"""

from typing import Literal

from opskit.core.findings import Data
from opskit.core.plan import Delete, Evict, Json
from opskit.core.write_requests import Seen
from opskit.core.writes import Prepared, Writer, of_status


class Fate(Data, frozen=True):
    """What the system tells of a write."""

    outcome: Literal["applied", "not applied", "unknown"]
    text: str
    unread: bool = False
    """Whether it is unknown only because nothing answered: it can be read back later."""


def read_back(writer: Writer, prepared: Prepared) -> Fate:
    """Read the target of a Kubernetes write and decide whether the write was done.

    Args:
        writer: reads the object, and dry-runs the write again to see whether it would still change it.
        prepared: the write, as it was prepared before it was sent.

    Raises:
        ReadError: the target could not be read.

    """
    current = writer.current(prepared.target, for_action=prepared.action)
    if isinstance(prepared.action, Delete | Evict):
        return _deletion(current, prepared.seen)
    if current is None:
        return _absent(prepared.seen)
    if prepared.seen is not None and current["metadata"]["uid"] != prepared.seen.uid:
        return Fate(outcome="unknown", text="the object was deleted and made anew meanwhile")
    again = writer.prepare(prepared.action, prepared.target)
    if again.changes == ():
        return Fate(outcome="applied", text="the object is as the write makes it")
    return _still_differs(prepared.seen, again.seen, of_status=of_status(prepared.action))


def _deletion(current: Json | None, seen: Seen | None) -> Fate:
    if current is None:
        return Fate(outcome="applied", text="the object is gone")
    metadata = current["metadata"]
    if seen is not None and metadata["uid"] != seen.uid:
        return Fate(outcome="applied", text="another object has its name now")
    if metadata.get("deletionTimestamp"):
        return Fate(outcome="applied", text=f"it is being deleted since {metadata['deletionTimestamp']}")
    return Fate(outcome="not applied", text="the object is there, and not being deleted")


def _absent(seen: Seen | None) -> Fate:
    if seen is None:
        return Fate(outcome="not applied", text="the object does not exist yet")
    return Fate(outcome="unknown", text="the object was deleted meanwhile")


def _still_differs(before: Seen | None, now: Seen | None, *, of_status: bool) -> Fate:
    """The object is not as the write makes it: it was never written, or changed back."""
    if before is None or now is None:
        return Fate(outcome="unknown", text="the object was made meanwhile, and differs from the write")
    if before.resource_version == now.resource_version:
        return Fate(outcome="not applied", text="the object has not changed since it was read")
    if not of_status and before.generation is not None and before.generation == now.generation:
        return Fate(outcome="not applied", text="only its status has changed since it was read")
    return Fate(
        outcome="unknown",
        text="the object changed meanwhile and is not as the write makes it: never written, or changed back",
    )
