"""How the members of a system that votes are read: etcd's by etcdctl, the others' by their pods."""

from typing import Any

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.errors import NotFound
from opskit.core.kinds_core import POD
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, attempt
from opskit.core.reads import InPod
from opskit.systems.operators.quorum import Member, Quorum, QuorumObject, Sort

TIMEOUT = "4s"
"""That a member has to answer in."""


class _EtcdMember(msgspec.Struct, frozen=True):
    id: int = msgspec.field(name="ID", default=0)
    name: str = ""
    client_urls: list[str] = msgspec.field(name="clientURLs", default_factory=list[str])
    is_learner: bool = msgspec.field(name="isLearner", default=False)


class _EtcdMembers(msgspec.Struct, frozen=True):
    members: list[_EtcdMember] = msgspec.field(default_factory=list[_EtcdMember])


class _EtcdHealth(msgspec.Struct, frozen=True):
    endpoint: str = ""
    health: bool = False
    error: str = ""


class _EtcdState(msgspec.Struct, frozen=True, rename="camel"):
    version: str = ""
    leader: int = 0
    db_size: int = 0
    header: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class _EtcdStatus(msgspec.Struct, frozen=True):
    endpoint: str = msgspec.field(name="Endpoint", default="")
    status: _EtcdState = msgspec.field(name="Status", default_factory=_EtcdState)


def etcd_place(cluster: Cluster, sort: Sort, namespace: str, name: str) -> InPod:
    """The pod in which etcdctl runs; `operators.etcd_container` of the settings names its container."""
    container = cluster.setting("operators", "etcd_container")
    return InPod(
        namespace=namespace,
        selector=sort.selector.format(name=name),
        container=str(container) if container else None,
    )


def etcdctl(cluster: Cluster, *words: str) -> tuple[str, ...]:
    """The argv of an etcdctl command; `operators.etcdctl` of the settings adds flags, as for TLS."""
    flags = tuple(str(each) for each in cluster.setting("operators", "etcdctl", ()))
    return ("etcdctl", *flags, f"--command-timeout={TIMEOUT}", *words, "-w", "json")


def read(cluster: Cluster, sort: Sort, namespace: str, name: str) -> Quorum | None:
    """One such system; None where there is none of that name.

    Raises:
        ReadError: the API does not answer. What its members do not tell is an `Unread` in it.

    """
    try:
        found = cluster.get(sort.model, name, namespace=namespace)
    except NotFound:
        return None
    return of_object(cluster, sort, found)


def of_object(cluster: Cluster, sort: Sort, found: QuorumObject) -> Quorum:
    """The system behind a resource, with its members."""
    namespace = found.namespace or ""
    how = _etcd if sort.software == "etcd" else _pods
    version = found.spec.get(sort.version_field, "") if sort.version_field else ""
    return Quorum(
        sort=sort,
        namespace=namespace,
        name=found.name,
        uid=found.metadata.uid,
        wanted=int(found.spec.get(sort.size_field) or 0),
        version=str(version or ""),
        phase=_at(found.status or {}, sort.phase_path),
        deleting=found.metadata.deletion_timestamp is not None,
        members=attempt(
            f"members of {sort.kind} {namespace}/{found.name}",
            lambda: how(cluster, sort, namespace, found.name),
        ),
    )


def _at(status: dict[str, Any], path: tuple[str, ...]) -> str:
    value: Any = status if path else ""
    for each in path:
        value = value.get(each, "") if isinstance(value, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value if isinstance(value, str) else ""


def _etcd(cluster: Cluster, sort: Sort, namespace: str, name: str) -> tuple[Member, ...]:
    place = etcd_place(cluster, sort, namespace, name)

    def ask(*words: str, model: Any) -> Any:
        answer = cluster.tool(etcdctl(cluster, *words), place=place, exit_codes=(0, 1))
        if not answer.body.strip():
            answer = cluster.tool(etcdctl(cluster, *words), place=place)
        return decode(answer.body, decoder_for(model), where=f"`etcdctl {' '.join(words)}`")

    listed: list[_EtcdMember] = ask("member", "list", model=_EtcdMembers).members
    health = {each.endpoint: each for each in ask("endpoint", "health", "--cluster", model=list[_EtcdHealth])}
    states: list[_EtcdStatus] = ask("endpoint", "status", "--cluster", model=list[_EtcdStatus])
    status = {each.endpoint: each.status for each in states}
    return tuple(_etcd_member(each, health, status) for each in listed)


def _etcd_member(found: _EtcdMember, health: dict[str, _EtcdHealth], status: dict[str, _EtcdState]) -> Member:
    url = found.client_urls[0] if found.client_urls else ""
    said, state = health.get(url, _EtcdHealth(error="it has not started")), status.get(url, _EtcdState())
    return Member(
        name=found.name or f"{found.id:x}",
        id=f"{found.id:x}",
        healthy=said.health,
        learner=found.is_learner,
        leader=bool(state.leader) and state.leader == found.id,
        version=state.version,
        error=said.error[:200],
        db_bytes=state.db_size,
    )


def _pods(cluster: Cluster, sort: Sort, namespace: str, name: str) -> tuple[Member, ...]:
    pods = cluster.list(POD, namespace=namespace, selector=sort.selector.format(name=name))
    return tuple(_pod_member(each, sort) for each in sorted(pods, key=lambda pod: pod.name))


def _pod_member(pod: Pod, sort: Sort) -> Member:
    label, value = sort.role_label if sort.role_label else ("", "")
    error = "" if pod.ready else pod.status.message or f"its pod is {pod.status.phase or 'not ready'}"
    return Member(
        name=pod.name,
        id=pod.metadata.uid,
        healthy=pod.ready,
        leader=bool(label) and pod.labels.get(label, "") == value,
        error=error,
    )


def unread_members(quorum: Quorum) -> Unread | None:
    """Why the members are not known; None where they are."""
    return quorum.members if isinstance(quorum.members, Unread) else None
