"""The Kubernetes objects that Rook's daemons consist of, projected to the fields in use.

Fields follow https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.
"""

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
NODE = Kind("", "v1", "Node", "nodes", Node, namespaced=False)
POD_DISRUPTION_BUDGET = Kind(
    "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", PodDisruptionBudget
)
