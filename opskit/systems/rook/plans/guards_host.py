"""Interlocks of host maintenance."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from opskit.core.conditions import Held
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known
from opskit.systems.rook.answers import OsdDump, Status
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards
from opskit.systems.rook.workloads import Node

ROOK_TIMEOUT_MINUTES = 30
"""Rook takes its noout on a drained host back after this, unless the CephCluster says otherwise."""

_LAST = ("rook-ceph-tools",)


def entering(
    facts: Facts, *, host: str, end: datetime, stop: Held | Unread, pods: list[Pod] | Unread
) -> Iterator[str]:
    """Reasons why the host must not go into maintenance now."""
    yield from guards.unread(facts, "status", "osd_dump", "tree", "rules", "nodes", "budgets", "marks")
    yield from guards.same_ceph(facts)
    yield from known_host(facts, host)
    yield from guards.pgs_clean(facts)
    yield from guards.no_maintenance(facts, host=host)
    osds = facts.hosts.get(host, [])
    if osds:
        yield from guards.answered(f"ceph osd ok-to-stop for all OSDs of {host}", stop)
        yield from guards.one_domain(facts, osds)
        yield from guards.not_held_back(facts, osds)
        yield from guards.pool_copies(facts, osds)
        yield from small_domains(facts, host)
    node = facts.node_of.get(host)
    if node is not None:
        yield from monitors(facts, node)
        yield from other_nodes(facts, node)
        yield from bare_pods(pods, node.name)
    yield from rook_timeout(facts, end)


def leaving(facts: Facts, *, host: str) -> Iterator[str]:
    """Reasons why the host's maintenance can't end now."""
    yield from guards.unread(facts, "osd_dump", "tree", "nodes", "marks")
    yield from guards.same_ceph(facts)
    yield from known_host(facts, host)
    node = facts.node_of.get(host)
    if node is not None and not is_ready(node):
        yield f"node {node.name} is not Ready"
    for flag in ("noup", "noin", "pause"):
        if flag in known(facts.osd_dump, OsdDump()).flags_set:
            yield f"the flag {flag} is set: the OSDs could not come back"


def known_host(facts: Facts, host: str) -> Iterator[str]:
    """The host is in the CRUSH map, and is a node of Kubernetes."""
    if host not in facts.hosts and not isinstance(facts.tree, Unread):
        yield f"there is no host {host} in the CRUSH map; hosts: {', '.join(sorted(facts.hosts))}"
    elif host not in facts.node_of and not isinstance(facts.nodes, Unread):
        yield f"no node of Kubernetes is named {host}"


def is_ready(node: Node) -> bool:
    """The node's Ready condition."""
    return any(each.type == "Ready" and each.status == "True" for each in node.status.conditions or [])


def small_domains(facts: Facts, host: str) -> Iterator[str]:
    """No pool keeps several copies on one host."""
    osds = facts.hosts[host]
    if any("osd" in guards.domain_types(facts, osd) for osd in osds) and len(osds) > 1:
        yield f"a pool spreads its copies over OSDs, not over hosts: {host} may hold several of one PG"


def monitors(facts: Facts, node: Node) -> Iterator[str]:
    """The monitors that stay are a majority."""
    status = known(facts.status, Status())
    here = {
        pod.labels.get("mon") or pod.labels.get("ceph_daemon_id", "")
        for pod in known(facts.pods, [])
        if pod.labels.get("app") == "rook-ceph-mon" and pod.spec.node_name == node.name
    }
    left = [name for name in status.quorum_names if name not in here]
    needed = status.monmap.num_mons // 2 + 1
    if here and len(left) < needed:
        yield (
            f"without mon {', '.join(sorted(here))} on {node.name} {len(left)} of {status.monmap.num_mons} "
            f"monitors are left in quorum, and {needed} are needed"
        )


def other_nodes(facts: Facts, node: Node) -> Iterator[str]:
    """No other node of the storage is closed."""
    for host in sorted(facts.hosts):
        other = facts.node_of.get(host)
        if other is not None and other.name != node.name and other.spec.unschedulable:
            yield f"node {other.name} is cordoned: it may be in maintenance"


def rook_timeout(facts: Facts, end: datetime) -> Iterator[str]:
    """Rook keeps its own noout for as long as the maintenance lasts."""
    cluster = facts.cluster
    if isinstance(cluster, Unread) or cluster is None:
        return
    management = cluster.spec.disruption_management
    if management is not None and not management.manage_pod_budgets:
        return
    minutes = (management.osd_maintenance_timeout if management else None) or ROOK_TIMEOUT_MINUTES
    if end - facts.now > timedelta(minutes=minutes):
        yield (
            f"Rook takes noout back {minutes} minutes after a drain began, which is before {end:%H:%M}: "
            f"raise spec.disruptionManagement.osdMaintenanceTimeout of CephCluster {cluster.name}"
        )


def drained(pods: list[Pod] | Unread, node: str) -> list[Pod]:
    """The pods that a drain evicts: all but finished ones, mirrors and those of DaemonSets.

    Follows https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/. Applications go
    before monitors and OSDs, and the toolbox, through which Ceph is asked, last.
    """
    here = [pod for pod in known(pods, []) if pod.spec.node_name == node and _evictable(pod)]
    return sorted(here, key=lambda pod: (_rank(pod), pod.namespace or "", pod.name))


def _evictable(pod: Pod) -> bool:
    if pod.status.phase in ("Succeeded", "Failed") or "kubernetes.io/config.mirror" in pod.annotations:
        return False
    return all(owner.kind != "DaemonSet" for owner in pod.metadata.owner_references or [])


def _rank(pod: Pod) -> int:
    app = pod.labels.get("app", "")
    return 2 if app in _LAST else int(app.startswith("rook-ceph-"))


def bare_pods(pods: list[Pod] | Unread, node: str) -> Iterator[str]:
    """Every pod that is evicted has a controller that makes it anew."""
    if isinstance(pods, Unread):
        yield f"the pods on {node} could not be read: {pods.reason}"
        return
    for pod in drained(pods, node):
        if not any(owner.controller for owner in pod.metadata.owner_references or []):
            yield f"pod {pod.namespace}/{pod.name} on {node} has no controller: an eviction would lose it"
