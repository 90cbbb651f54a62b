"""Every custom resource of every CRD, read in one budget of time and judged by convention as it is read."""

import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.errors import DeadlineExceeded
from opskit.core.findings import Data
from opskit.core.kinds import Kind
from opskit.core.parts import Job, Unread, attempt, settle
from opskit.systems.operators.convention import UNSEEN, Status, Trouble, read_status, troubles
from opskit.systems.operators.kinds import Crd, CustomResource

SECONDS = 20.0
"""For all custom resources together."""

OTHERS_JUDGE = {
    "acme.cert-manager.io": "certmanager",
    "ceph.rook.io": "rook",
    "cert-manager.io": "certmanager",
    "config.openshift.io": "openshift",
    "machineconfiguration.openshift.io": "openshift",
    "olm.operatorframework.io": "operators",
    "operators.coreos.com": "operators",
    "route.openshift.io": "openshift",
}
"""Groups whose conditions are judged in their own terms; here only what every resource has is looked at."""


class Deletion(Data, frozen=True):
    """A resource that is to go and does not."""

    since: datetime
    finalizers: tuple[str, ...]


class Resource(Data, frozen=True):
    """A custom resource that something is the matter with."""

    group: str
    version: str
    plural: str
    kind: str
    name: str
    namespace: str | None = None
    troubles: tuple[Trouble, ...] = ()
    deletion: Deletion | None = None
    unseen: int = 0
    """Generations that its operator has not seen, where that is overdue."""
    managers: tuple[str, ...] = ()
    """Who writes its status, or else its other fields by update: its controller, as far as can be told."""

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def command(self) -> str:
        """What shows it."""
        place = f" -n {self.namespace}" if self.namespace else ""
        return f"kubectl{place} get {self.plural}.{self.group} {self.name} -o yaml"


class OfCrd(Data, frozen=True):
    """The custom resources of one CRD."""

    crd: str
    count: int
    odd: tuple[Resource, ...] = ()
    """Those that something is the matter with."""


def kind_of(crd: Crd, version: str | None = None) -> Kind[CustomResource]:
    """The CRD's resource, in a version of it."""
    names, spec = crd.spec.names, crd.spec
    return Kind(
        spec.group,
        version or crd.read_version,
        names.kind,
        names.plural,
        CustomResource,
        namespaced=spec.scope == "Namespaced",
    )


def read(cluster: Cluster, crds: Iterable[Crd], *, seconds: float = SECONDS) -> dict[str, OfCrd | Unread]:
    """CRD → its resources, as many CRDs as can be read in time.

    Args:
        cluster: live or a snapshot.
        crds: whose resources are read; one that serves no version is left out.
        seconds: for all of them.

    Returns:
        What the budget did not reach, or the server refused, is an `Unread` of that CRD.

    """
    until = time.monotonic() + seconds

    jobs: dict[str, Job] = {
        crd.name: partial(_of_crd, cluster, crd, until=until) for crd in crds if crd.read_version
    }
    return settle(jobs)


def conversions(cluster: Cluster, crds: Iterable[Crd]) -> dict[str, str]:
    """CRD with a webhook → why its objects can't be read in a version they are not stored in, or ""."""
    found: dict[str, str] = {}
    for crd in crds:
        other = next((each.name for each in crd.versions if each.served and not each.storage), "")
        if crd.webhook is not None and other:
            read = attempt(crd.name, partial(_converted, cluster, crd, other))
            found[crd.name] = f"in version {other}: {read.reason}" if isinstance(read, Unread) else ""
    return found


def _converted(cluster: Cluster, crd: Crd, version: str) -> int:
    return len(cluster.list(kind_of(crd, version), deadline=10.0))


def _of_crd(cluster: Cluster, crd: Crd, *, until: float) -> OfCrd:
    left = until - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded(
            f"The time for custom resources was over before {crd.name} was read.",
            sent=False,
            hint=f"`kubectl get {crd.name} -A`",
        )
    listed = cluster.list(kind_of(crd), deadline=left)
    now = cluster.now()
    odd = (judged(each, crd, now=now) for each in listed)
    return OfCrd(crd=crd.name, count=len(listed), odd=tuple(each for each in odd if each))


def judged(found: CustomResource, crd: Crd, *, now: datetime) -> Resource | None:
    """What is the matter with a resource; None where nothing is."""
    meta, status = found.metadata, read_status(bytes(found.status))
    wrong: list[Trouble] = []
    if crd.spec.group not in OTHERS_JUDGE:
        wrong = troubles(status, created=meta.creation_timestamp, now=now)
    deletion = _deletion(found)
    unseen = _unseen(found, status, now=now)
    if not (wrong or deletion or unseen):
        return None
    return Resource(
        group=crd.spec.group,
        version=crd.read_version,
        plural=crd.spec.names.plural,
        kind=crd.spec.names.kind,
        name=meta.name,
        namespace=meta.namespace,
        troubles=tuple(msgspec.structs.replace(each, message=each.message[:500]) for each in wrong),
        deletion=deletion,
        unseen=unseen,
        managers=managers(found),
    )


def managers(found: CustomResource) -> tuple[str, ...]:
    """Who writes the resource's status; else who updates it, people's tools left out."""
    entries = found.metadata.managed_fields or []
    status = [each.manager for each in entries if each.subresource == "status"]
    others = [each.manager for each in entries if not each.manager.startswith(("kubectl", "opskit", "helm"))]
    return tuple(dict.fromkeys(status or others))


def _deletion(found: CustomResource) -> Deletion | None:
    since = found.metadata.deletion_timestamp
    return Deletion(since=since, finalizers=tuple(found.metadata.finalizers or ())) if since else None


def _unseen(found: CustomResource, status: Status, *, now: datetime) -> int:
    seen, wanted = status.observed_generation, found.metadata.generation
    if seen is None or wanted is None or seen >= wanted:
        return 0
    entries = found.metadata.managed_fields or []
    written = [each.time for each in entries if each.time and each.subresource != "status"]
    return wanted - seen if written and now - max(written) > UNSEEN else 0
