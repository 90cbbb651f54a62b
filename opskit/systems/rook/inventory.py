"""Ceph's and Kubernetes' views of the same OSD, joined."""

from collections.abc import Iterable

import msgspec

from opskit.core.findings import Data
from opskit.core.kinds_workloads import Pod
from opskit.systems.rook.answers import CrushNode, OsdDf, OsdDump, OsdEntry, OsdUse, Tree
from opskit.systems.rook.answers_daemons import OsdMetadata
from opskit.systems.rook.workloads import Deployment

KIB = 1024


class Osd(Data, frozen=True):
    """One OSD with all that is known of it."""

    id: int
    host: str = ""
    """The CRUSH host bucket; empty when it stands outside the tree."""
    node: str = ""
    """The Kubernetes node of its pod."""
    location: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """CRUSH bucket type → bucket name, e.g. `{"host": "node-a", "rack": "r1", "root": "default"}`."""
    device_class: str = ""
    up: bool = False
    in_: bool = False
    crush_weight: float = 0.0
    reweight: float = 0.0
    bytes_total: int = 0
    bytes_used: int = 0
    pgs: int = 0
    deployment: Deployment | None = None
    pods: tuple[Pod, ...] = ()
    metadata: OsdMetadata | None = None

    @property
    def name(self) -> str:
        """`osd.3`."""
        return f"osd.{self.id}"

    @property
    def utilization(self) -> float:
        """Used share of its bytes, 0 to 1."""
        return self.bytes_used / self.bytes_total if self.bytes_total else 0.0

    @property
    def subject(self) -> str:
        """`osd.3 on node-a`."""
        return f"{self.name} on {self.host}" if self.host else self.name


def parents(tree: Tree) -> dict[int, CrushNode]:
    """Child id → the bucket that holds it. Shadow trees of device classes are left out."""
    return {
        child: node for node in tree.nodes if node.id < 0 and "~" not in node.name for child in node.children
    }


def location(id_: int, above: dict[int, CrushNode]) -> dict[str, str]:
    """Bucket type → name on the way up from an OSD; a cycle in damaged JSON ends it."""
    found: dict[str, str] = {}
    node = above.get(id_)
    while node is not None and node.type not in found:
        found[node.type] = node.name
        node = above.get(node.id)
    return found


def join(
    *,
    tree: Tree,
    dump: OsdDump,
    df: OsdDf,
    deployments: Iterable[Deployment],
    pods: Iterable[Pod],
    metadata: Iterable[OsdMetadata],
) -> dict[int, Osd]:
    """OSD id → OSD, for every OSD that the map, the tree or Kubernetes names."""
    above = parents(tree)
    in_tree = {node.id: node for node in (*tree.nodes, *tree.stray) if node.id >= 0}
    in_map = {entry.osd: entry for entry in dump.osds}
    used = {use.id: use for use in (*df.nodes, *df.stray) if use.id >= 0}
    deployed = {
        id_: deployment for deployment in deployments if (id_ := osd_id(deployment.labels)) is not None
    }
    run: dict[int, list[Pod]] = {}
    for pod in pods:
        if (id_ := osd_id(pod.labels)) is not None:
            run.setdefault(id_, []).append(pod)
    described = {each.id: each for each in metadata}
    return {
        id_: _osd(
            id_,
            where=location(id_, above),
            node=in_tree.get(id_),
            entry=in_map.get(id_),
            use=used.get(id_),
            deployment=deployed.get(id_),
            pods=run.get(id_, []),
            metadata=described.get(id_),
        )
        for id_ in sorted({*in_tree, *in_map, *deployed})
    }


def osd_id(labels: dict[str, str]) -> int | None:
    """The OSD that a Rook object is for: label `ceph-osd-id` of app `rook-ceph-osd`."""
    number = labels.get("ceph-osd-id", "")
    return int(number) if labels.get("app") == "rook-ceph-osd" and number.isdecimal() else None


def _osd(
    id_: int,
    *,
    where: dict[str, str],
    node: CrushNode | None,
    entry: OsdEntry | None,
    use: OsdUse | None,
    deployment: Deployment | None,
    pods: list[Pod],
    metadata: OsdMetadata | None,
) -> Osd:
    up = bool(entry.up) if entry else (node is not None and node.status == "up")
    in_ = bool(entry.in_) if entry else (node is not None and node.reweight > 0)
    return Osd(
        id=id_,
        host=where.get("host", ""),
        node=next((pod.spec.node_name for pod in pods if pod.spec.node_name), ""),
        location=where,
        device_class=node.device_class if node else "",
        up=up,
        in_=in_,
        crush_weight=node.crush_weight if node else 0.0,
        reweight=node.reweight if node else (entry.weight if entry else 0.0),
        bytes_total=use.kb * KIB if use else 0,
        bytes_used=use.kb_used * KIB if use else 0,
        pgs=use.pgs if use else 0,
        deployment=deployment,
        pods=tuple(pods),
        metadata=metadata,
    )
