"""What is true of a Ceph cluster under Rook now, from the Kubernetes API and through the toolbox."""

from datetime import datetime
from functools import cached_property

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known, settle
from opskit.core.reads import InPod
from opskit.systems.rook import answers as ceph
from opskit.systems.rook import answers_daemons as daemons
from opskit.systems.rook import inventory, kinds, sources, workloads
from opskit.systems.rook.reading import NAMESPACE, TOOLBOX, namespace, toolbox


class Facts(Data, frozen=True, dict=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    namespace: str
    now: datetime
    cluster: kinds.CephCluster | Unread | None
    """None: the namespace holds no CephCluster."""
    block_pools: list[kinds.CephBlockPool] | Unread
    filesystems: list[kinds.CephFilesystem] | Unread
    object_stores: list[kinds.CephObjectStore] | Unread
    others: list[tuple[str, kinds.Resource]] | Unread
    """Kind and resource of Rook's other kinds."""
    deployments: list[workloads.Deployment] | Unread
    pods: list[Pod] | Unread
    operator: list[workloads.Deployment] | Unread
    """Rook's operator; empty when there is none."""
    nodes: list[workloads.Node] | Unread
    budgets: list[workloads.PodDisruptionBudget] | Unread

    status: ceph.Status | Unread
    health: ceph.Health | Unread
    tree: ceph.Tree | Unread
    osd_df: ceph.OsdDf | Unread
    osd_dump: ceph.OsdDump | Unread
    df: daemons.Df | Unread
    pgs: list[ceph.Pg] | Unread
    """PGs that are not healthy, at most `sources.PG_LIMIT`; never all PGs."""
    rules: list[daemons.Rule] | Unread
    mon_dump: daemons.MonDump | Unread
    time_sync: daemons.TimeSync | Unread
    versions: daemons.Versions | Unread
    mgr_dump: daemons.MgrDump | Unread
    fs_dump: daemons.FsDump | Unread
    perf: daemons.OsdPerf | Unread
    metadata: list[daemons.OsdMetadata] | Unread
    devices: list[daemons.Device] | Unread
    crashes: list[daemons.Crash] | Unread
    log: list[daemons.LogLine] | Unread
    """The end of the cluster log."""
    audit: list[daemons.LogLine] | Unread
    """The end of the audit log: who changed what."""
    marks: dict[str, str] | Unread
    """Maintenance marks: `opskit/noout/<host>` → JSON `{until, run}`."""
    growth: sources.Growth | Unread
    """From Prometheus: how fast OSDs, pools and the cluster fill."""
    toolbox: InPod = InPod(namespace=NAMESPACE, selector=TOOLBOX)
    """The pod in which `ceph` runs: plans run theirs there, too."""

    @cached_property
    def osds(self) -> dict[int, inventory.Osd]:
        """OSD id → OSD, joined from Ceph and Kubernetes."""
        return inventory.join(
            tree=known(self.tree, ceph.Tree()),
            dump=known(self.osd_dump, ceph.OsdDump()),
            df=known(self.osd_df, ceph.OsdDf()),
            deployments=known(self.deployments, []),
            pods=known(self.pods, []),
            metadata=known(self.metadata, []),
        )

    @cached_property
    def hosts(self) -> dict[str, list[inventory.Osd]]:
        """CRUSH host → its OSDs."""
        found: dict[str, list[inventory.Osd]] = {}
        for osd in self.osds.values():
            if osd.host:
                found.setdefault(osd.host, []).append(osd)
        return found

    @cached_property
    def node_of(self) -> dict[str, workloads.Node]:
        """Name → Kubernetes node; a CRUSH host finds its node with dots written as dashes too."""
        nodes = known(self.nodes, [])
        return {node.name.replace(".", "-"): node for node in nodes} | {node.name: node for node in nodes}

    @property
    def raised(self) -> dict[str, ceph.HealthCheck]:
        """Health code → check, in detail where it could be read."""
        brief = known(self.status, ceph.Status()).health
        return known(self.health, brief).checks

    @property
    def unread(self) -> list[Unread]:
        """The parts that could not be read."""
        return [part for name in self.__struct_fields__ if isinstance(part := getattr(self, name), Unread)]


def read(cluster: Cluster) -> Facts:
    """Read a Ceph cluster: about thirty small reads, at most `parts.WORKERS` at once.

    `rook.namespace`, `rook.toolbox` and `rook.operator_namespace` of the settings say where it is.
    """
    first = settle({**sources.kubernetes(cluster), "status": sources.STATUS.job(cluster)})
    status: ceph.Status | Unread = first["status"]
    rest = sources.after(cluster, status)
    return Facts(namespace=namespace(cluster), now=cluster.now(), toolbox=toolbox(cluster), **first, **rest)
