"""Pods and what makes them, with the fields in use; the kinds themselves stand in `kinds_core`.

Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.
"""

from datetime import datetime

import msgspec

from opskit.core.kinds import LabelSelector, Object, Quantities, Wire, WireCondition, condition_holds


class ResourceNeeds(Wire, frozen=True):
    """Requests and limits of a container."""

    requests: Quantities | None = None
    limits: Quantities | None = None


class ContainerPort(Wire, frozen=True):
    """A port that a container names."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"


class Container(Wire, frozen=True):
    """A container as specified."""

    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    ports: list[ContainerPort] | None = None
    resources: ResourceNeeds = ResourceNeeds()


class PodSpec(Wire, frozen=True):
    """`Pod.spec`."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    node_name: str = ""
    service_account_name: str = ""
    priority_class_name: str = ""
    host_network: bool = False
    node_selector: dict[str, str] | None = None


class StateWaiting(Wire, frozen=True):
    """Why a container waits."""

    reason: str = ""
    message: str = ""


class StateTerminated(Wire, frozen=True):
    """How a container ended."""

    exit_code: int = 0
    signal: int | None = None
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None


class StateRunning(Wire, frozen=True):
    """Since when a container runs."""

    started_at: datetime | None = None


class ContainerState(Wire, frozen=True):
    """One of the three is set."""

    waiting: StateWaiting | None = None
    running: StateRunning | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(Wire, frozen=True):
    """A container as it is."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    container_id: str = msgspec.field(name="containerID", default="")
    """`containerd://…`: the runtime, and its own name for the container."""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(Wire, frozen=True):
    """`Pod.status`."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[WireCondition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    pod_ip: str = msgspec.field(name="podIP", default="")
    host_ip: str = msgspec.field(name="hostIP", default="")
    start_time: datetime | None = None


class Pod(Object, frozen=True):
    """A pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is True and the pod is not being deleted."""
        return self.metadata.deletion_timestamp is None and condition_holds(self.status.conditions, "Ready")

    @property
    def restarts(self) -> int:
        """Restarts of all containers."""
        return sum(each.restart_count for each in self.status.container_statuses or [])


class PodTemplate(Wire, frozen=True):
    """What a workload makes pods of."""

    spec: PodSpec = PodSpec()


class WorkloadSpec(Wire, frozen=True):
    """`spec` of Deployment, StatefulSet, DaemonSet and ReplicaSet."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    paused: bool = False


class WorkloadStatus(Wire, frozen=True):
    """`status` of Deployment, StatefulSet and ReplicaSet."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: list[WireCondition] | None = None


class Deployment(Object, frozen=True):
    """A deployment."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True):
    """A stateful set."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ReplicaSet(Object, frozen=True):
    """A replica set."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSetStatus(Wire, frozen=True):
    """`DaemonSet.status`."""

    desired_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    observed_generation: int = 0


class DaemonSet(Object, frozen=True):
    """A daemon set."""

    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()
