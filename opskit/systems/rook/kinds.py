"""Rook's resources and the Kubernetes ones around them, projected to the fields in use.

Fields follow the released CRDs of `ceph.rook.io/v1`
(https://rook.io/docs/rook/latest/CRDs/specification/).
"""

from typing import Any

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition
from opskit.core.kinds_core import POD as POD
from opskit.systems.rook.workloads import DEPLOYMENT as DEPLOYMENT
from opskit.systems.rook.workloads import NODE as NODE
from opskit.systems.rook.workloads import POD_DISRUPTION_BUDGET as POD_DISRUPTION_BUDGET

GROUP = "ceph.rook.io"


class Capacity(Wire, frozen=True):
    """What Rook last read of `ceph df`, in bytes."""

    bytes_available: int = 0
    bytes_total: int = 0
    bytes_used: int = 0
    last_updated: str = ""


class HealthMessage(Wire, frozen=True):
    """One of `status.ceph.details`."""

    message: str = ""
    severity: str = ""


class CephStatus(Wire, frozen=True):
    """`status.ceph`: Ceph's own health as the operator last saw it."""

    health: str = ""
    details: dict[str, HealthMessage] | None = None
    fsid: str = ""
    last_checked: str = ""
    last_changed: str = ""
    previous_health: str = ""
    capacity: Capacity | None = None
    versions: dict[str, dict[str, int]] | None = None


class ClusterVersion(Wire, frozen=True):
    """The Ceph release that runs."""

    image: str = ""
    version: str = ""


class CephClusterStatus(Wire, frozen=True):
    """`phase` stays Ready after the first success: judge by `ceph.health`."""

    phase: str = ""
    state: str = ""
    message: str = ""
    conditions: list[WireCondition] | None = None
    ceph: CephStatus | None = None
    version: ClusterVersion | None = None
    observed_generation: int | None = None


class CleanupPolicy(Wire, frozen=True):
    """A confirmation stops all reconciliation and wipes the hosts when the resource is deleted."""

    confirmation: str = ""


class MonSpec(Wire, frozen=True):
    """How many monitors are wanted."""

    count: int = 3
    allow_multiple_per_node: bool = False


class CephVersionSpec(Wire, frozen=True):
    """The image that is wanted."""

    image: str = ""
    allow_unsupported: bool = False


class DisruptionManagement(Wire, frozen=True):
    """Whether Rook keeps PodDisruptionBudgets for OSDs."""

    manage_pod_budgets: bool = True
    osd_maintenance_timeout: int | None = None


class CephClusterSpec(Wire, frozen=True):
    """The wanted cluster."""

    ceph_version: CephVersionSpec = msgspec.field(default_factory=CephVersionSpec)
    mon: MonSpec = msgspec.field(default_factory=MonSpec)
    data_dir_host_path: str = ""
    cleanup_policy: CleanupPolicy | None = None
    disruption_management: DisruptionManagement | None = None
    external: dict[str, Any] | None = None


class CephCluster(Object, frozen=True):
    """One Ceph cluster as Rook manages it."""

    spec: CephClusterSpec = msgspec.field(default_factory=CephClusterSpec)
    status: CephClusterStatus | None = None


class PhaseStatus(Wire, frozen=True):
    """What the statuses of Rook's other resources share."""

    phase: str = ""
    message: str = ""
    conditions: list[WireCondition] | None = None
    observed_generation: int | None = None
    info: dict[str, str] | None = None


class Resource(Object, frozen=True):
    """A resource of Rook of which only the phase is judged."""

    status: PhaseStatus | None = None


class Replicated(Wire, frozen=True):
    """Replicas of a pool."""

    size: int = 0
    require_safe_replica_size: bool = True


class ErasureCoded(Wire, frozen=True):
    """Erasure code of a pool; both 0 when the pool is replicated."""

    data_chunks: int = 0
    coding_chunks: int = 0


class PoolSpec(Wire, frozen=True):
    """A wanted pool."""

    name: str = ""
    failure_domain: str = ""
    device_class: str = ""
    crush_root: str = ""
    replicated: Replicated | None = None
    erasure_coded: ErasureCoded | None = None


class CephBlockPool(Resource, frozen=True):
    """A pool for RBD images."""

    spec: PoolSpec = msgspec.field(default_factory=PoolSpec)


class MetadataServer(Wire, frozen=True):
    """How many MDS a filesystem wants."""

    active_count: int = 1
    active_standby: bool = False


class FilesystemSpec(Wire, frozen=True):
    """A wanted filesystem."""

    metadata_server: MetadataServer = msgspec.field(default_factory=MetadataServer)
    metadata_pool: PoolSpec | None = None
    data_pools: list[PoolSpec] | None = None


class CephFilesystem(Resource, frozen=True):
    """A CephFS filesystem and its MDS."""

    spec: FilesystemSpec = msgspec.field(default_factory=FilesystemSpec)


class Gateway(Wire, frozen=True):
    """The RGW daemons of an object store."""

    instances: int = 1
    port: int | None = None
    secure_port: int | None = None


class ObjectStoreSpec(Wire, frozen=True):
    """A wanted object store."""

    gateway: Gateway = msgspec.field(default_factory=Gateway)


class CephObjectStore(Resource, frozen=True):
    """An S3 store and its gateways."""

    spec: ObjectStoreSpec = msgspec.field(default_factory=ObjectStoreSpec)


CEPH_CLUSTER = Kind(GROUP, "v1", "CephCluster", "cephclusters", CephCluster)
CEPH_BLOCK_POOL = Kind(GROUP, "v1", "CephBlockPool", "cephblockpools", CephBlockPool)
CEPH_FILESYSTEM = Kind(GROUP, "v1", "CephFilesystem", "cephfilesystems", CephFilesystem)
CEPH_OBJECT_STORE = Kind(GROUP, "v1", "CephObjectStore", "cephobjectstores", CephObjectStore)


def _phased(kind: str, plural: str) -> Kind[Resource]:
    return Kind(GROUP, "v1", kind, plural, Resource)


OTHERS: tuple[Kind[Resource], ...] = (
    _phased("CephBlockPoolRadosNamespace", "cephblockpoolradosnamespaces"),
    _phased("CephFilesystemSubVolumeGroup", "cephfilesystemsubvolumegroups"),
    _phased("CephFilesystemMirror", "cephfilesystemmirrors"),
    _phased("CephObjectStoreUser", "cephobjectstoreusers"),
    _phased("CephObjectRealm", "cephobjectrealms"),
    _phased("CephObjectZoneGroup", "cephobjectzonegroups"),
    _phased("CephObjectZone", "cephobjectzones"),
    _phased("CephClient", "cephclients"),
    _phased("CephNFS", "cephnfses"),
    _phased("CephRBDMirror", "cephrbdmirrors"),
)
"""Kinds of which only the phase is judged."""
