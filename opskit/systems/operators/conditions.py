"""Predicates over systems that vote, by name."""

from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.systems.operators import members
from opskit.systems.operators.quorum import Quorum, sort_of

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


def _read(cluster: "Cluster", resource: str, namespace: str, name: str) -> Quorum | Held:
    sort = sort_of(resource)
    if sort is None:
        return Held(ok=False, state=f"{resource} is no system that votes")
    found = members.read(cluster, sort, namespace, name)
    return found or Held(ok=False, state=f"there is no {resource} {namespace}/{name}")


@CONDITIONS.named("operators/quorum-whole")
def quorum_whole(
    cluster: "Cluster", *, resource: str, namespace: str, name: str, size: int, version: str = ""
) -> Held:
    """It has exactly so many members, all of them vote and are healthy, and its operator calls it well.

    Args:
        cluster: where it runs.
        resource: as kubectl names it, `etcdclusters.operator.etcd.io`.
        namespace: of the resource.
        name: of the resource.
        size: members.
        version: that each member says it runs; "" is any.

    """
    found = _read(cluster, resource, namespace, name)
    if isinstance(found, Held):
        return found
    versions = sorted({each.version for each in found.known})
    as_told = len(found.known) == size == len(found.voters) and not found.ill and found.phase_good
    told = f"{found.state}; versions {', '.join(versions)}" if version else found.state
    return Held(
        ok=as_told and version in ("", *versions[:1]) and (not version or len(versions) == 1), state=told
    )


@CONDITIONS.named("operators/quorum-majority")
def quorum_majority(cluster: "Cluster", *, resource: str, namespace: str, name: str) -> Held:
    """A majority of its voters is healthy."""
    found = _read(cluster, resource, namespace, name)
    if isinstance(found, Held):
        return found
    return Held(ok=bool(found.voters) and found.spare >= 0, state=found.state)
