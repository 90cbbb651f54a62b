"""How Calico is read: as `projectcalico.org/v3` where that is served, else as stored; BIRD by `birdcl`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound, NotInstalled
from opskit.core.kinds import Kind, Object
from opskit.core.kinds_core import CUSTOM_RESOURCE_DEFINITION, POD
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Job, Unread, attempt, settle
from opskit.core.reads import NamedPod
from opskit.systems.calico import birdc
from opskit.systems.calico.kinds_network import GROUP, STORAGE_GROUP

ObjectT = TypeVar("ObjectT", bound=Object)

NODE_PODS = "k8s-app=calico-node"
CONTAINER = "calico-node"
SOCKET = "/var/run/calico/bird.ctl"
BIRDCL = ("birdcl", "-s", SOCKET)
SESSIONS = (*BIRDCL, "show", "protocols", "all")
NETSTAT = ("cat", "/proc/net/netstat")
MOST_ASKED = 24
"""Nodes whose BIRD is asked at most: each is one command in a pod."""

_MIRRORED = re.compile(r"^k(np|anp|banp|cnp)\.")
"""Names under which Calico's API shows policies of Kubernetes once more."""


def stored(kind: Kind[ObjectT]) -> Kind[ObjectT]:
    """The same resource in the storage group."""
    return replace(kind, group=STORAGE_GROUP, version="v1")


def objects(cluster: Cluster, kind: Kind[ObjectT]) -> list[ObjectT]:
    """All objects of a kind of Calico or of Kubernetes; none where it is not installed."""
    for each in (kind, stored(kind)) if kind.group == GROUP else (kind,):
        try:
            found = cluster.list(each)
        except NotInstalled:
            continue
        return [one for one in found if kind.group != GROUP or not _MIRRORED.match(one.name)]
    return []


def mode(cluster: Cluster) -> str:
    """How Calico's API is served.

    Returns:
        `native` (v3 as CRDs), `aggregated` (v3 through Calico's API server), `storage` (no v3 at all:
        policies are written by calicoctl), or "" where there is no Calico.

    """
    if _has_crd(cluster, GROUP):
        return "native"
    if not _has_crd(cluster, STORAGE_GROUP):
        return ""
    try:
        cluster.path(f"/apis/{GROUP}/v3")
    except (NotFound, NotInstalled):
        return "storage"
    return "aggregated"


def _has_crd(cluster: Cluster, group: str) -> bool:
    try:
        cluster.get(CUSTOM_RESOURCE_DEFINITION, f"ippools.{group}")
    except (NotFound, NotInstalled):
        return False
    return True


def node_pods(cluster: Cluster) -> list[Pod]:
    """The pods of calico-node, one a node, in whatever namespace."""
    return cluster.list(POD, selector=NODE_PODS)


def place(pod: Pod) -> NamedPod:
    """Where a node's `birdcl` runs; its pod may well not be Ready."""
    return NamedPod(namespace=pod.namespace or "", name=pod.name, container=CONTAINER)


def birds(cluster: Cluster, pods: Sequence[Pod]) -> dict[str, birdc.Bird | Unread]:
    """Node → what its BIRD says."""
    jobs = {pod.spec.node_name: _asking(cluster, pod) for pod in pods}
    return settle(jobs)


def _asking(cluster: Cluster, pod: Pod) -> Job:
    return lambda: bird(cluster, pod)


def bird(cluster: Cluster, pod: Pod) -> birdc.Bird:
    """Ask one node's BIRD for its sessions; where some are down, its kernel for dropped segments, too.

    Raises:
        ReadError: the pod could not be asked. A daemon that is down is an answer.

    """
    said = cluster.tool(SESSIONS, place=place(pod), exit_codes=range(256), deadline=15)
    found = birdc.parsed(said.body.decode(errors="replace"), said.stderr)
    if all(each.established for each in found.sessions):
        return found
    netstat = attempt("netstat", lambda: cluster.tool(NETSTAT, place=place(pod), deadline=15))
    if isinstance(netstat, Unread):
        return found
    dropped = birdc.md5_drops(netstat.body.decode(errors="replace"))
    return birdc.Bird(version=found.version, sessions=found.sessions, dropped=dropped)
