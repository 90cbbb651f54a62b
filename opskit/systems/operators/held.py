"""What is to go and does not, of the kinds that every cluster has: namespaces, claims, volumes."""

from datetime import datetime

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object, Wire, WireCondition
from opskit.core.parts import Job, Unread, recorded, settle


class _Finalized(Wire, frozen=True):
    """A namespace's own finalizers stand in its spec."""

    finalizers: list[str] | None = None


class _Told(Wire, frozen=True):
    conditions: list[WireCondition] | None = None


class Holding(Object, frozen=True):
    """An object, as far as its deletion goes."""

    spec: _Finalized = msgspec.field(default_factory=_Finalized)
    status: _Told = msgspec.field(default_factory=_Told)


class Held(Data, frozen=True):
    """An object that is to go."""

    kind: str
    name: str
    namespace: str | None
    since: datetime
    finalizers: tuple[str, ...]
    said: tuple[str, ...] = ()
    """What its conditions say of it."""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


KINDS = (
    Kind("", "v1", "Namespace", "namespaces", Holding, namespaced=False),
    Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", Holding),
    Kind("", "v1", "PersistentVolume", "persistentvolumes", Holding, namespaced=False),
)


def read(cluster: Cluster) -> dict[str, list[Held] | Unread | None]:
    """Kind → those of its objects that are to go; None where a snapshot did not ask."""
    jobs: dict[str, Job] = {
        each.kind: lambda each=each: recorded(lambda: _of_kind(cluster, each)) for each in KINDS
    }
    return settle(jobs)


def _of_kind(cluster: Cluster, kind: Kind[Holding]) -> list[Held]:
    listed = ((each, each.metadata.deletion_timestamp) for each in cluster.list(kind))
    return [_held(kind, each, since) for each, since in listed if since]


def _held(kind: Kind[Holding], found: Holding, since: datetime) -> Held:
    meta = found.metadata
    said = (each for each in found.status.conditions or [] if each.status == "True" and each.message)
    return Held(
        kind=kind.kind,
        name=meta.name,
        namespace=meta.namespace,
        since=since,
        finalizers=tuple(dict.fromkeys([*(meta.finalizers or []), *(found.spec.finalizers or [])])),
        said=tuple(f"{each.type}: {each.message}" for each in said),
    )
