"""The Kubernetes objects that Rook's daemons consist of, projected to the fields in use.

Fields follow https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.
"""

from datetime import datetime

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition


class DeploymentSpec(Wire, frozen=True):
    """Wanted replicas; the server defaults them to 1."""

    replicas: int = 1


class DeploymentStatus(Wire, frozen=True):
    """Replicas that are there."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: list[WireCondition] | None = None


class Deployment(Object, frozen=True):
    """One daemon of Ceph is one Deployment of Rook."""

    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class Waiting(Wire, frozen=True):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Terminated(Wire, frozen=True):
    """How a container ended."""

    exit_code: int = 0
    signal: int | None = None
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None


class Running(Wire, frozen=True):
    """A container that runs."""

    started_at: datetime | None = None


class ContainerState(Wire, frozen=True):
    """Exactly one of the three is set."""

    waiting: Waiting | None = None
    terminated: Terminated | None = None
    running: Running | None = None


class ContainerStatus(Wire, frozen=True):
    """A container of a pod."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = msgspec.field(default_factory=ContainerState)
    last_state: ContainerState = msgspec.field(default_factory=ContainerState)


class PodStatus(Wire, frozen=True):
    """Where a pod stands."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[WireCondition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class PodSpec(Wire, frozen=True):
    """Where a pod runs."""

    node_name: str = ""


class Pod(Object, frozen=True):
    """A pod of a daemon."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class NodeSpec(Wire, frozen=True):
    """Whether new pods may come."""

    unschedulable: bool = False


class NodeStatus(Wire, frozen=True):
    """The kubelet's word."""

    conditions: list[WireCondition] | None = None


class Node(Object, frozen=True):
    """A host of the cluster."""

    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class BudgetStatus(Wire, frozen=True):
    """How many pods may be evicted now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0


class BudgetSpec(Wire, frozen=True):
    """What the budget allows."""

    max_unavailable: int | str | None = None
    min_available: int | str | None = None


class PodDisruptionBudget(Object, frozen=True):
    """Rook's guard over a failure domain while another is drained."""

    spec: BudgetSpec = msgspec.field(default_factory=BudgetSpec)
    status: BudgetStatus = msgspec.field(default_factory=BudgetStatus)


DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", Deployment)
POD = Kind("", "v1", "Pod", "pods", Pod)
NODE = Kind("", "v1", "Node", "nodes", Node, namespaced=False)
POD_DISRUPTION_BUDGET = Kind(
    "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", PodDisruptionBudget
)
