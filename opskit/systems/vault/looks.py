"""What a plan asks about its own parameters, beyond the facts."""

from typing import TYPE_CHECKING, Any

from opskit.core.findings import Data
from opskit.core.parts import Unread, attempt
from opskit.systems.vault import client, leases, nodes

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

MOST = 2000
"""Leases that one plan can name."""


class Listed(Data, frozen=True):
    """The leases under a prefix."""

    ids: tuple[str, ...]
    more: bool


def under(cluster: "Cluster", *, prefix: str, **_: Any) -> "dict[str, Listed | Unread]":
    """`listed`: the leases under the prefix."""
    return {"listed": attempt(f"leases under {prefix}", lambda: _listed(cluster, prefix))}


def _listed(cluster: "Cluster", prefix: str) -> Listed:
    ids, more = leases.under(cluster, prefix, server=asked(cluster), most=MOST)
    return Listed(ids=tuple(ids), more=more)


def asked(cluster: "Cluster") -> str:
    """The server that is asked: the named one, else a node that is active."""
    places = nodes.servers(cluster, nodes.pods(cluster))
    if client.SERVER in places.values() or len(places) == 0:
        return client.SERVER
    return (
        client.SERVER
        if _answers(cluster)
        else next((each.server for each in nodes.read(cluster, places) if each.active), client.SERVER)
    )


def _answers(cluster: "Cluster") -> bool:
    found = nodes.node(cluster, client.SERVER, client.SERVER)
    return found.unsealed
