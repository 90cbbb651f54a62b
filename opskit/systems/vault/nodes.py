"""Each node of a Vault on its own: what it says of itself without a token."""

from collections.abc import Iterator
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds_core import POD
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, attempt, settle
from opskit.systems.vault import client
from opskit.systems.vault.answers import Health, Leader, SealStatus

SELECTORS = (
    "app.kubernetes.io/name=vault,component=server",
    "app.kubernetes.io/name=openbao,component=server",
    "app.kubernetes.io/name=vault",
    "app.kubernetes.io/name=openbao",
)
PORTS = ("https", "http", "api-port", "api")
_ALL_OK = {"standbyok": "true", "perfstandbyok": "true", "sealedcode": "200", "uninitcode": "200"}
"""Asked so, every state is an answer and no error."""


class Node(Data, frozen=True):
    """One server."""

    name: str
    server: str
    """How it is asked: a name for `Cluster.http`."""
    seal: SealStatus | Unread
    health: Health | Unread
    leader: Leader | Unread

    @property
    def up(self) -> bool:
        """Whether it answers."""
        return isinstance(self.seal, SealStatus)

    @property
    def unsealed(self) -> bool:
        """Whether it answers, and is not sealed."""
        return isinstance(self.seal, SealStatus) and not self.seal.sealed

    @property
    def active(self) -> bool:
        """Whether it is the leader, or the only one there is."""
        return (
            self.unsealed
            and isinstance(self.leader, Leader)
            and (self.leader.is_self or not self.leader.ha_enabled)
        )

    @property
    def version(self) -> str:
        """What it runs."""
        return self.seal.version if isinstance(self.seal, SealStatus) else ""


def pods(cluster: Cluster) -> list[Pod]:
    """The server's pods, by the first of the usual selectors that finds any."""
    namespace = cluster.setting("vault", "namespace", "") or None
    named = str(cluster.setting("vault", "selector", ""))
    for selector in (named,) if named else SELECTORS:
        if found := cluster.list(POD, namespace=namespace, selector=selector):
            return sorted(found, key=lambda each: each.name)
    return []


def servers(cluster: Cluster, found: list[Pod]) -> dict[str, str]:
    """Node → how it is asked: those of the settings, else the pods, else the one server `vault`."""
    named = [str(each) for each in cluster.setting("vault", "nodes", [])]
    if named:
        return {each: f"{client.SERVER}@{each}" if "://" in each else each for each in named}
    return dict(_of_pods(found)) or {client.SERVER: client.SERVER}


def _of_pods(found: list[Pod]) -> Iterator[tuple[str, str]]:
    for pod in found:
        ports = {
            each.name: each.container_port for one in pod.spec.containers or [] for each in one.ports or []
        }
        name = next((each for each in PORTS if each in ports), "")
        scheme = "http" if name == "http" else "https"
        yield pod.name, f"{client.SERVER}@{scheme}://{pod.namespace}/{pod.name}:{ports.get(name, 8200)}"


def read(cluster: Cluster, places: dict[str, str]) -> list[Node]:
    """What each node says of itself."""
    found = settle({name: _one(cluster, name, server) for name, server in places.items()})
    return list(found.values())


def _one(cluster: Cluster, name: str, server: str) -> Any:
    return lambda: node(cluster, name, server)


def node(cluster: Cluster, name: str, server: str) -> Node:
    """One node. What does not answer is not asked further."""
    seal = attempt(
        f"seal of {name}", lambda: client.plain(cluster, "sys/seal-status", SealStatus, server=server)
    )
    if isinstance(seal, Unread):
        return Node(name=name, server=server, seal=seal, health=seal, leader=seal)
    return Node(
        name=name,
        server=server,
        seal=seal,
        health=attempt(
            f"health of {name}",
            lambda: client.plain(cluster, "sys/health", Health, server=server, query=_ALL_OK),
        ),
        leader=attempt(f"leader of {name}", lambda: _leader(cluster, server, seal)),
    )


def _leader(cluster: Cluster, server: str, seal: SealStatus) -> Leader:
    if seal.sealed:
        return Leader(ha_enabled=seal.storage_type == "raft")
    return client.plain(cluster, "sys/leader", Leader, server=server)
