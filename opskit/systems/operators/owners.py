"""Who owns an object, up to its root, as the garbage collector follows it; only metadata is read.

See https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from opskit.core.answers import decode, decoder_for
from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound, NotInSnapshot, NotInstalled, ReadError
from opskit.core.findings import Data
from opskit.core.kinds import Kind, Metadata, Object, OwnerReference

MOST = 50
"""Objects after which a walk ends: no chain of owners is that long."""


class _Resource(msgspec.Struct, frozen=True):
    name: str = ""
    kind: str = ""
    namespaced: bool = False


class _Resources(msgspec.Struct, frozen=True):
    resources: list[_Resource] = msgspec.field(default_factory=list[_Resource])


class _Version(msgspec.Struct, frozen=True, rename={"group_version": "groupVersion"}):
    group_version: str = ""


class _Group(msgspec.Struct, frozen=True, rename={"preferred": "preferredVersion"}):
    preferred: _Version = _Version()


class Owner(Data, frozen=True):
    """One object of the walk; the first is the one that was asked for."""

    depth: int
    kind: str
    name: str
    namespace: str | None
    state: str
    """`there`, `gone`, `another` (of that name, with another UID), `not served` (its kind), or `unread`."""
    controller: bool = False
    """Whether it is the one that manages what it owns."""
    said: str = ""
    since: datetime | None = None
    """When it was asked to go."""
    finalizers: tuple[str, ...] = ()

    @property
    def dangling(self) -> bool:
        """Whether it is named as an owner and is none."""
        return self.state in ("gone", "another", "not served")

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def walk(cluster: Cluster, resource: str, name: str, *, namespace: str = "") -> list[Owner]:
    """The object and every owner above it, each before its own owners.

    Args:
        cluster: live, or a snapshot that holds the walk.
        resource: its plural, with its group where it has one: `pods`, `deployments.apps`.
        name: of the object.
        namespace: of the object; empty where its kind has none.

    Raises:
        NotFound: there is no such object.
        NotInstalled: the cluster does not serve the resource.
        As any read; what a snapshot does not hold is one line of its own instead.

    """
    try:
        kind = _asked(cluster, resource)
        meta = cluster.metadata(kind, name, namespace=(namespace or None) if kind.namespaced else None)
    except NotInSnapshot as error:
        return [
            Owner(depth=0, kind=resource, name=name, namespace=namespace, state="unread", said=str(error))
        ]
    first = _there(0, kind, meta, controller=False)
    return [first, *_above(cluster, meta, 1, {meta.uid})]


def _above(cluster: Cluster, meta: Metadata, depth: int, seen: set[str]) -> Iterator[Owner]:
    references = sorted(meta.owner_references or [], key=lambda each: not each.controller)
    for each in references:
        if each.uid in seen or len(seen) > MOST:
            continue
        seen.add(each.uid)
        owner, above = _owner(cluster, each, meta.namespace, depth)
        yield owner
        if above is not None:
            yield from _above(cluster, above, depth + 1, seen)


def _owner(
    cluster: Cluster, wanted: OwnerReference, namespace: str | None, depth: int
) -> tuple[Owner, Metadata | None]:
    try:
        kind = _kind(cluster, wanted.api_version, wanted.kind)
        meta = _meta(cluster, kind, wanted.name, namespace)
    except ReadError as error:
        return _missing(wanted, namespace, depth, _STATES.get(type(error), "unread"), error.what), None
    if meta.uid != wanted.uid:
        said = f"one of that name is there, made anew: its UID is {meta.uid}, not {wanted.uid}"
        return _missing(wanted, namespace, depth, "another", said), None
    return _there(depth, kind, meta, controller=bool(wanted.controller)), meta


_STATES: dict[type[ReadError], str] = {NotInstalled: "not served", NotFound: "gone"}


def _meta(cluster: Cluster, kind: Kind[Object], name: str, namespace: str | None) -> Metadata:
    """An owner stands in the namespace of what it owns, or in none."""
    if kind.namespaced and not namespace:
        raise NotFound(f"A {kind.kind} has a namespace, and what it should own has none: that is no owner.")
    return cluster.metadata(kind, name, namespace=namespace if kind.namespaced else None)


def _missing(wanted: OwnerReference, namespace: str | None, depth: int, state: str, said: str) -> Owner:
    return Owner(
        depth=depth,
        kind=wanted.kind,
        name=wanted.name,
        namespace=namespace,
        state=state,
        controller=bool(wanted.controller),
        said=said,
    )


def _there(depth: int, kind: Kind[Object], meta: Metadata, *, controller: bool) -> Owner:
    return Owner(
        depth=depth,
        kind=kind.kind,
        name=meta.name,
        namespace=meta.namespace,
        state="there",
        controller=controller,
        since=meta.deletion_timestamp,
        finalizers=tuple(meta.finalizers or ()),
    )


def _asked(cluster: Cluster, resource: str) -> Kind[Object]:
    plural, _, group = resource.partition(".")
    version = "v1"
    if group:
        body = cluster.path(f"/apis/{group}")
        found = decode(body, decoder_for(_Group), where=f"/apis/{group}")
        version = found.preferred.group_version
    every = _served(cluster, version)
    chosen = next((each for each in every if each.name == plural), None)
    if chosen is None:
        near = ", ".join(sorted(each.name for each in every if "/" not in each.name)[:20])
        raise NotInstalled(f"The cluster does not serve {resource}.", where=version, hint=f"it serves {near}")
    return _made(version, chosen)


def _kind(cluster: Cluster, api_version: str, kind: str) -> Kind[Object]:
    try:
        every = _served(cluster, api_version)
    except NotFound as error:
        raise NotInstalled(error.what, where=error.where, hint=error.hint) from error
    chosen = next((each for each in every if each.kind == kind and "/" not in each.name), None)
    if chosen is None:
        raise NotInstalled(f"The cluster does not serve {kind} of {api_version}.", where=api_version)
    return _made(api_version, chosen)


def _served(cluster: Cluster, api_version: str) -> list[_Resource]:
    path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return decode(cluster.path(path), decoder_for(_Resources), where=path).resources


def _made(api_version: str, found: _Resource) -> Kind[Object]:
    group, _, version = api_version.rpartition("/")
    return Kind(group, version, found.kind, found.name, Object, namespaced=found.namespaced)
