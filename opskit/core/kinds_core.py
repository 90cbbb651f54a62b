"""Kubernetes' own kinds, with the fields in use.

Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from datetime import datetime
from typing import Any

import msgspec

from opskit.core.kinds import Kind, LabelSelector, Object, Quantities, Wire, WireCondition, condition_holds
from opskit.core.kinds_workloads import DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet


class NamespaceStatus(Wire, frozen=True):
    """`Namespace.status`."""

    phase: str = ""


class Namespace(Object, frozen=True):
    """A namespace."""

    status: NamespaceStatus = NamespaceStatus()


class Taint(Wire, frozen=True):
    """What keeps pods off a node."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Wire, frozen=True):
    """`Node.spec`."""

    unschedulable: bool = False
    """Cordoned."""
    taints: list[Taint] | None = None
    provider_id: str = msgspec.field(name="providerID", default="")


class NodeAddress(Wire, frozen=True):
    """One address of a node."""

    type: str = ""
    """`InternalIP`, `ExternalIP`, `Hostname`."""
    address: str = ""


class NodeSystemInfo(Wire, frozen=True):
    """What runs on a node."""

    kubelet_version: str = ""
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""
    system_uuid: str = msgspec.field(name="systemUUID", default="")


class NodeStatus(Wire, frozen=True):
    """`Node.status`."""

    conditions: list[WireCondition] | None = None
    addresses: list[NodeAddress] | None = None
    node_info: NodeSystemInfo = NodeSystemInfo()
    capacity: Quantities | None = None
    allocatable: Quantities | None = None


class Node(Object, frozen=True):
    """A node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is True."""
        return condition_holds(self.status.conditions, "Ready")


class ServicePort(Wire, frozen=True):
    """A port of a service."""

    port: int = 0
    name: str = ""
    target_port: int | str | None = None
    """A number, or the name of a container's port; None is `port`."""


class ServiceSpec(Wire, frozen=True):
    """`Service.spec`."""

    type: str = ""
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None


class Service(Object, frozen=True):
    """A service."""

    spec: ServiceSpec = ServiceSpec()


class LeaseSpec(Wire, frozen=True):
    """`Lease.spec`."""

    holder_identity: str = ""
    lease_duration_seconds: int | None = None
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    lease_transitions: int | None = None


class Lease(Object, frozen=True):
    """A lease."""

    spec: LeaseSpec = LeaseSpec()


class DisruptionSpec(Wire, frozen=True):
    """`PodDisruptionBudget.spec`."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: LabelSelector | None = None


class DisruptionStatus(Wire, frozen=True):
    """`PodDisruptionBudget.status`."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0


class PodDisruptionBudget(Object, frozen=True):
    """How many pods may be missing by intent."""

    spec: DisruptionSpec = DisruptionSpec()
    status: DisruptionStatus = DisruptionStatus()


class ObjectReference(Wire, frozen=True):
    """Another object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Event(Object, frozen=True):
    """Something that happened to an object."""

    type: str = ""
    """`Normal` or `Warning`."""
    reason: str = ""
    message: str = ""
    involved_object: ObjectReference = ObjectReference()
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None

    @property
    def last_seen(self) -> datetime | None:
        """When it happened last."""
        return self.last_timestamp or self.event_time or self.metadata.creation_timestamp


class ConfigMap(Object, frozen=True):
    """A config map."""

    data: dict[str, str] | None = None


class SecretObject(Object, frozen=True):
    """A secret without its values."""

    type: str = ""


class ClaimSpec(Wire, frozen=True):
    """`PersistentVolumeClaim.spec`."""

    storage_class_name: str = ""
    volume_name: str = ""
    volume_mode: str = ""


class PhaseStatus(Wire, frozen=True):
    """A status that is a phase."""

    phase: str = ""


class PersistentVolumeClaim(Object, frozen=True):
    """A claim on storage."""

    spec: ClaimSpec = ClaimSpec()
    status: PhaseStatus = PhaseStatus()


class CustomResourceDefinitionSpec(Wire, frozen=True):
    """`CustomResourceDefinition.spec`."""

    group: str = ""
    scope: str = ""
    versions: list[dict[str, Any]] | None = None


class CustomResourceDefinition(Object, frozen=True):
    """A resource that an operator brings."""

    spec: CustomResourceDefinitionSpec = CustomResourceDefinitionSpec()


NAMESPACE = Kind("", "v1", "Namespace", "namespaces", Namespace, namespaced=False)
NODE = Kind("", "v1", "Node", "nodes", Node, namespaced=False)
POD = Kind("", "v1", "Pod", "pods", Pod)
SERVICE = Kind("", "v1", "Service", "services", Service)
EVENT = Kind("", "v1", "Event", "events", Event)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", ConfigMap)
SECRET = Kind("", "v1", "Secret", "secrets", SecretObject)
PERSISTENT_VOLUME_CLAIM = Kind(
    "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", PersistentVolumeClaim
)
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", Deployment)
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets", StatefulSet)
DAEMON_SET = Kind("apps", "v1", "DaemonSet", "daemonsets", DaemonSet)
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets", ReplicaSet)
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", Lease)
POD_DISRUPTION_BUDGET = Kind(
    "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", PodDisruptionBudget
)
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    CustomResourceDefinition,
    namespaced=False,
)
