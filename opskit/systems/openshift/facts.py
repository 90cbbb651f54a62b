"""How an OpenShift cluster does, from the Kubernetes API or a must-gather bundle."""

from collections.abc import Sequence
from datetime import datetime

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds import Object, WireCondition
from opskit.core.kinds_core import Namespace, Node, PodDisruptionBudget
from opskit.core.parts import Unread, known, settle
from opskit.systems.openshift import kinds


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    now: datetime
    version: kinds.ClusterVersion | Unread | None
    """None: there is none, as in MicroShift."""
    operators: list[kinds.ClusterOperator] | Unread
    pools: list[kinds.Pool] | Unread
    routes: list[kinds.Route] | Unread
    builds: list[kinds.Build] | Unread
    """An optional capability of OpenShift."""
    deployment_configs: list[kinds.DeploymentConfig] | Unread
    """An optional capability of OpenShift."""
    nodes: list[Node] | Unread
    namespaces: list[Namespace] | Unread
    quotas: list[Object] | Unread
    policies: list[Object] | Unread
    budgets: list[PodDisruptionBudget] | Unread
    slices: list[kinds.EndpointSlice] | Unread

    def endpoints(self, namespace: str, service: str) -> int:
        """Ready endpoints of a service."""
        return sum(
            each.ready
            for each in known(self.slices, [])
            if each.namespace == namespace and each.labels.get("kubernetes.io/service-name") == service
        )

    def route(self, namespace: str, name: str) -> kinds.Route | None:
        """One route."""
        found = known(self.routes, [])
        return next((each for each in found if (each.namespace, each.name) == (namespace, name)), None)


def read(cluster: Cluster) -> Facts:
    """Read an OpenShift cluster: twelve lists."""
    return Facts(
        now=cluster.now(),
        **settle(
            {
                "version": lambda: _version(cluster),
                "operators": lambda: cluster.list(kinds.CLUSTER_OPERATOR),
                "pools": lambda: cluster.list(kinds.POOL),
                "routes": lambda: cluster.list(kinds.ROUTE),
                "builds": lambda: cluster.list(kinds.BUILD),
                "deployment_configs": lambda: cluster.list(kinds.DEPLOYMENT_CONFIG),
                "nodes": lambda: cluster.list(kinds.NODE),
                "namespaces": lambda: cluster.list(kinds.NAMESPACE),
                "quotas": lambda: cluster.list(kinds.QUOTA),
                "policies": lambda: cluster.list(kinds.NETWORK_POLICY),
                "budgets": lambda: cluster.list(kinds.POD_DISRUPTION_BUDGET),
                "slices": lambda: cluster.list(kinds.ENDPOINT_SLICE),
            }
        ),
    )


def _version(cluster: Cluster) -> kinds.ClusterVersion | None:
    found = cluster.list(kinds.CLUSTER_VERSION)
    return next((each for each in found if each.name == "version"), None)


def condition(conditions: Sequence[WireCondition] | None, name: str) -> WireCondition | None:
    """The condition of that type; None where there is none."""
    return next((each for each in conditions or [] if each.type == name), None)


def says(conditions: Sequence[WireCondition] | None, name: str, status: str) -> bool:
    """Whether the condition is there and has this status."""
    found = condition(conditions, name)
    return found is not None and found.status == status
