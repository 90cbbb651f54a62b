"""`opskit findings` on a snapshot of a large cluster: all systems, 5,000 nodes and 50,000 pods.

What grows with nodes and pods is made here, field for field as a server answers; the rest is what the
built-in demo recorded of each system. The peer does nothing but parse the same files: `json.loads` of
every answer.
"""

import ipaddress
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from benchmarks.measure import Row, child, paired
from opskit import systems
from opskit.core import demo
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInSnapshot, OpsError
from opskit.core.reads import (
    Answer,
    Answers,
    ClusterInfo,
    ListObjects,
    Place,
    Read,
    RunTool,
    Session,
)
from opskit.core.recorder import Recorder
from opskit.core.snapshot import SnapshotReader

NODES, PODS_PER_NODE = 5_000, 10
PAGE = 500
SECONDS = 5.0
CIDR = ipaddress.ip_network("10.0.0.0/12")
REFLECTORS = 4
SINCE = "2026-11-25T05:45:16Z"

Json = dict[str, Any]


def _name(node: int) -> str:
    return f"node-{node:04}"


def _uid(kind: str, number: int) -> str:
    return f"{abs(hash(kind)) % 10**8:08}-0000-4000-8000-{number:012}"


def _block(node: int) -> str:
    return f"{CIDR[node * 64]}/26"


def _ip(pod: int) -> str:
    node, at = divmod(pod, PODS_PER_NODE)
    return str(CIDR[node * 64 + 1 + at])


def _app(pod: int) -> str:
    return ("web", "api", "db", "worker")[pod % 4]


def _meta(kind: str, number: int, name: str, **more: Any) -> Json:
    return {
        "name": name,
        "uid": _uid(kind, number),
        "resourceVersion": str(number),
        "creationTimestamp": SINCE,
        **more,
    }


def _conditions(*names: str) -> list[Json]:
    return [{"type": name, "status": "True", "lastTransitionTime": SINCE} for name in names]


def node(number: int) -> Json:
    """A worker that is Ready."""
    labels = {
        "kubernetes.io/hostname": _name(number),
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/worker": "",
    }
    if number < REFLECTORS:
        labels["route-reflector"] = "true"
    address = f"172.16.{number // 250}.{number % 250}"
    return {
        "metadata": _meta(
            "Node",
            number,
            _name(number),
            labels=labels,
            annotations={"projectcalico.org/IPv4Address": f"{address}/16"},
        ),
        "spec": {"podCIDR": _block(number), "podCIDRs": [_block(number)]},
        "status": {
            "capacity": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "conditions": _conditions("Ready"),
            "addresses": [{"type": "InternalIP", "address": address}],
            "nodeInfo": {"kubeletVersion": "v1.37.2", "osImage": "Debian GNU/Linux 12 (bookworm)"},
        },
    }


def pod(number: int) -> Json:
    """A pod that runs, of one of four workloads in one of a hundred namespaces."""
    name = f"{_app(number)}-6bc4dc4799-{number:05}"
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name[:-6], "uid": "r", "controller": True}
    container = {
        "name": "main",
        "image": "registry.example.test/shop/main:1.27.3",
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"VARIABLE_{each}", "value": "x" * 20} for each in range(10)],
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }
    ready = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "metadata": _meta(
            "Pod",
            number,
            name,
            namespace=f"team-{number % 100:02}",
            labels={"app": _app(number), "pod-template-hash": "6bc4dc4799"},
            ownerReferences=[owner],
        ),
        "spec": {
            "containers": [container],
            "nodeName": _name(number // PODS_PER_NODE),
            "serviceAccountName": "default",
        },
        "status": {
            "phase": "Running",
            "conditions": _conditions(*ready),
            "podIP": _ip(number),
            "podIPs": [{"ip": _ip(number)}],
            "startTime": SINCE,
            "containerStatuses": [
                {"name": "main", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": SINCE}}}
            ],
        },
    }


def namespace(number: int) -> Json:
    """One of a hundred."""
    name = f"team-{number:02}"
    labels = {"kubernetes.io/metadata.name": name}
    return {"metadata": _meta("Namespace", number, name, labels=labels), "status": {"phase": "Active"}}


def _handle(number: int) -> str:
    return f"k8s-pod-network.{number:032x}"


def block(number: int) -> Json:
    """A node's block of addresses, ten of 64 taken."""
    first = number * PODS_PER_NODE
    taken = [
        {
            "handle_id": _handle(each),
            "secondary": {
                "namespace": f"team-{each % 100:02}",
                "node": _name(number),
                "pod": f"{_app(each)}-6bc4dc4799-{each:05}",
            },
        }
        for each in range(first, first + PODS_PER_NODE)
    ]
    free = range(1 + PODS_PER_NODE, 64)
    return {
        "metadata": _meta("IPAMBlock", number, _block(number).replace(".", "-").replace("/", "-")),
        "spec": {
            "cidr": _block(number),
            "affinity": f"host:{_name(number)}",
            "allocations": [None, *range(PODS_PER_NODE), *(None for _ in free)],
            "attributes": taken,
            "unallocated": [0, *free],
            "deleted": False,
        },
    }


def affinity(number: int) -> Json:
    """Whose block it is."""
    name = f"{_name(number)}-{_block(number).replace('.', '-').replace('/', '-')}"
    spec = {"cidr": _block(number), "deleted": "false", "node": _name(number), "state": "confirmed"}
    return {"metadata": _meta("BlockAffinity", number, name), "spec": {**spec, "type": "host"}}


def handle(number: int) -> Json:
    """A pod's address, as IPAM refers to it."""
    spec = {
        "block": {_block(number // PODS_PER_NODE): 1},
        "deleted": False,
        "handleID": _handle(number),
    }
    return {"metadata": _meta("IPAMHandle", number, _handle(number)), "spec": spec}


def node_status(number: int) -> Json:
    """What a node's BIRD says: a session with each reflector."""
    others = [each for each in range(REFLECTORS) if each != number]
    peers = [
        {"peerIP": f"172.16.0.{each}", "since": "05:45:18", "state": "Established", "type": "NodePeer"}
        for each in others
    ]
    return {
        "metadata": _meta("CalicoNodeStatus", number, _name(number)),
        "spec": {"classes": ["Agent", "BGP"], "node": _name(number), "updatePeriodSeconds": 10},
        "status": {
            "agent": {"birdV4": {"state": "Ready"}},
            "bgp": {
                "numberEstablishedV4": len(peers),
                "numberNotEstablishedV4": 0,
                "peersV4": peers,
            },
            "lastUpdated": SINCE,
        },
    }


GROWN: dict[str, tuple[Callable[[int], Json], int]] = {
    "nodes": (node, NODES),
    "pods": (pod, NODES * PODS_PER_NODE),
    "namespaces": (namespace, 100),
    "ipamblocks": (block, NODES),
    "blockaffinities": (affinity, NODES),
    "ipamhandles": (handle, NODES * PODS_PER_NODE),
    "caliconodestatuses": (node_status, NODES),
}
REPLACED: dict[str, list[Json]] = {
    "ippools": [
        {
            "metadata": _meta("IPPool", 0, "default-ipv4-ippool"),
            "spec": {"blockSize": 26, "cidr": str(CIDR), "ipipMode": "Never", "vxlanMode": "Never"},
        }
    ],
    "bgpconfigurations": [
        {"metadata": _meta("BGPConfiguration", 0, "default"), "spec": {"nodeToNodeMeshEnabled": False}}
    ],
    "bgppeers": [
        {
            "metadata": _meta("BGPPeer", 0, "reflectors"),
            "spec": {"nodeSelector": "all()", "peerSelector": "has(route-reflector)"},
        }
    ],
}
ADDED = frozenset({"pods", "namespaces"})
"""What the demo's systems consist of stays beside what is made; its nodes go."""


class Grown:
    """The demo's recordings as one cluster, with many nodes and pods."""

    def __init__(self) -> None:
        self.parts = [SnapshotReader(path) for path in demo.parts(demo.NAME).values()]

    def info(self) -> ClusterInfo:
        return self.parts[0].info()

    def now(self) -> datetime:
        return max(each.now() for each in self.parts)

    def close(self) -> None:
        for each in self.parts:
            each.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        plural = read.plural if read.selector is None else ""
        if plural in REPLACED:
            yield json.dumps({"items": REPLACED[plural]}).encode()
            return
        # A server answers a list of one namespace with what is in it; all that is made is in the teams' own.
        make, count = GROWN.get(plural, (node, 0)) if read.namespace is None else (node, 0)
        if not count or plural in ADDED:
            yield from self._recorded(read, deadline)
        for at in range(0, count, PAGE):
            yield json.dumps({"items": [make(each) for each in range(at, min(at + PAGE, count))]}).encode()

    def _recorded(self, read: ListObjects, deadline: float) -> Iterator[bytes]:
        error: OpsError = NotInSnapshot("nothing recorded")
        found = False
        for part in self.parts:
            try:
                yield from part.pages(read, deadline=deadline)
                found = True
            except OpsError as each:
                error = each if not isinstance(each, NotInSnapshot) else error
        if not found:
            raise error

    def answer(self, read: Read, *, deadline: float) -> Answer:
        error: OpsError = NotInSnapshot("nothing recorded")
        for part in self.parts:
            try:
                return part.answer(read, deadline=deadline)
            except OpsError as each:
                error = each
        raise error

    def answers(
        self,
        reads: Sequence[RunTool],
        session: Session,  # noqa: ARG002 - each is asked alone
        *,
        place: Place,  # noqa: ARG002
        deadline: float,  # noqa: ARG002
    ) -> Answers:
        return [None] * len(reads)


def prepared(file: str) -> Callable[[], int]:
    """Write the snapshot: what all systems read of the grown cluster; the result is its uncompressed size."""

    def run() -> int:
        recorder = Recorder(Grown())
        cluster = Cluster(recorder)
        for name in systems.NAMES:
            systems.load(name).facts(cluster)
        recorder.save(file)
        with zipfile.ZipFile(file) as archive:
            return sum(each.file_size for each in archive.infolist())

    return run


def ours(file: str) -> Callable[[], list[str]]:
    """`opskit findings` without its process: open, read, judge."""

    def run() -> list[str]:
        from opskit.runner.survey import rooms, survey

        with Cluster.open(file) as cluster:
            return [f"{each.code} {each.subject}" for each in survey(cluster, rooms()).findings]

    return run


def peer(file: str) -> Callable[[], int]:
    """`json.loads` of everything in the same file that is JSON; the result is how many answers."""

    def run() -> int:
        with zipfile.ZipFile(file) as archive:
            bodies = (archive.read(each) for each in archive.namelist())
            return sum(json.loads(body) is not None for body in bodies if body[:1] in (b"{", b"["))

    return run


def rows() -> list[Row]:
    """The median of three runs of each, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/large.opskit"
        size = child("benchmarks.survey_scale:prepared", file).result
        mine, theirs, ratio = paired(
            lambda: child("benchmarks.survey_scale:ours", file),
            lambda: child("benchmarks.survey_scale:peer", file),
        )
    return [
        Row(
            f"findings of all systems, snapshot of {NODES:,} nodes / {NODES * PODS_PER_NODE:,} pods "
            f"({size >> 20} MiB of answers), against json.loads of the same",
            f"{mine.seconds:.2f} s, {mine.peak_mib:.0f} MiB",
            f"{theirs.seconds:.2f} s, {theirs.peak_mib:.0f} MiB",
            f"{ratio:.2f}x",
            f"<= {SECONDS:.0f} s",
            mine.seconds <= SECONDS,
        )
    ]
