"""The Lease that a lock is made of: what stands in it, and what it says of a run.

Follows https://kubernetes.io/docs/concepts/architecture/leases/.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from opskit.core.anchor import Head
from opskit.core.answers import converted
from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object, Wire
from opskit.core.plan import Json, Lock

PREFIX = "opskit/"

State = Literal["", "running", "done", "undone", "stopped", "failed", "unknown", "refused"]


class LeaseSpec(Wire, frozen=True):
    """`spec` of a Lease."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: str | None = None
    acquire_time: str | None = None
    lease_transitions: int | None = None


class LeaseObject(Object, frozen=True):
    """A Lease, as far as it is used."""

    spec: LeaseSpec = LeaseSpec()


LEASES: Kind[LeaseObject] = Kind("coordination.k8s.io", "v1", "Lease", "leases", LeaseObject)


class Note(Data, frozen=True):
    """What the Lease's annotations tell of the run that holds it, or held it last."""

    run: str = ""
    session: str = ""
    """Of one taking of the lock: two processes of one run don't mistake each other's for their own."""
    state: State = ""
    step: str = ""
    """The step that was begun last."""
    since: str = ""
    """When the run took the lock, UTC."""
    by: str = ""
    """Person and machine."""
    seq: str = ""
    head: str = ""
    """Number and hash of the journal's last record."""
    taken_from: str = ""
    """The run that it was taken over from."""

    @property
    def unfinished(self) -> bool:
        """Whether the run may have left something half done."""
        return self.state in {"running", "unknown"}

    @property
    def anchor(self) -> Head | None:
        """The journal's head that it holds."""
        return Head(seq=int(self.seq), hash=self.head) if self.seq.isdecimal() and self.head else None

    def __str__(self) -> str:
        at = f" at step {self.step}" if self.step else ""
        by = self.by or "an unknown holder"
        return f"run {self.run or '(not of opskit)'}{at} by {by} since {self.since or 'an unknown time'}"


def note_of(lease: LeaseObject) -> Note:
    """The annotations of a Lease as a note; whatever else made the Lease gives an empty one."""
    found = {
        key.removeprefix(PREFIX): value for key, value in lease.annotations.items() if key.startswith(PREFIX)
    }
    try:
        return converted(found, Note)
    except msgspec.ValidationError:
        return Note(run=found.get("run", ""), state="unknown")


def document(lock: Lock, *, holder: str, seconds: float, note: Note, last: LeaseObject | None) -> Json:
    """The Lease to write.

    Args:
        lock: namespace and name.
        holder: the holder's identity; empty releases it.
        seconds: how long it lasts.
        note: the annotations.
        last: the Lease as it was read, whose resourceVersion the write is bound to; None creates it.

    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = last.spec if last else LeaseSpec()
    changed = (spec.holder_identity or "") != holder
    annotations = {f"{PREFIX}{key}": value for key, value in msgspec.to_builtins(note).items() if value}
    others = {k: v for k, v in (last.annotations if last else {}).items() if not k.startswith(PREFIX)}
    metadata: Json = {"name": lock.name, "namespace": lock.namespace, "annotations": others | annotations}
    if last:
        metadata |= {"uid": last.metadata.uid, "resourceVersion": last.metadata.resource_version}
        if last.labels:
            metadata["labels"] = last.labels
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": metadata,
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": max(1, round(seconds)),
            "acquireTime": now if changed else spec.acquire_time,
            "renewTime": now,
            "leaseTransitions": (spec.lease_transitions or 0) + (1 if changed and holder else 0),
        },
    }
