"""OpenShift's own resources, with the fields in use.

Follows https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/api_overview/ and
https://github.com/openshift/api.
"""

from datetime import datetime

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition
from opskit.core.kinds_core import NAMESPACE, NODE, POD_DISRUPTION_BUDGET


class Release(Wire, frozen=True):
    """A release that the cluster may be updated to."""

    version: str = ""
    image: str = ""


class Risk(Wire, frozen=True):
    """Why an update is not recommended to every cluster."""

    name: str = ""
    message: str = ""
    url: str = ""


class ConditionalUpdate(Wire, frozen=True):
    """An update that is recommended to clusters without its risks."""

    release: Release = Release()
    risks: list[Risk] | None = None
    conditions: list[WireCondition] | None = None


class UpdateRecord(Wire, frozen=True):
    """One update of the past, or the one that is under way."""

    state: str = ""
    """`Completed` or `Partial`."""
    version: str = ""
    started_time: datetime | None = None
    completion_time: datetime | None = None


class ClusterVersionSpec(Wire, frozen=True):
    """`ClusterVersion.spec`."""

    channel: str = ""
    cluster_id: str = msgspec.field(name="clusterID", default="")
    desired_update: Release | None = None


class ClusterVersionStatus(Wire, frozen=True):
    """`ClusterVersion.status`."""

    desired: Release = Release()
    history: list[UpdateRecord] | None = None
    available_updates: list[Release] | None = None
    conditional_updates: list[ConditionalUpdate] | None = None
    conditions: list[WireCondition] | None = None


class ClusterVersion(Object, frozen=True):
    """The release that the cluster runs, and those that it may go to."""

    spec: ClusterVersionSpec = ClusterVersionSpec()
    status: ClusterVersionStatus = ClusterVersionStatus()


class OperandVersion(Wire, frozen=True):
    """What version an operator runs of something."""

    name: str = ""
    version: str = ""


class ClusterOperatorStatus(Wire, frozen=True):
    """`ClusterOperator.status`."""

    conditions: list[WireCondition] | None = None
    versions: list[OperandVersion] | None = None


class ClusterOperator(Object, frozen=True):
    """One of the operators that make OpenShift."""

    status: ClusterOperatorStatus = ClusterOperatorStatus()


class Named(Wire, frozen=True):
    """A reference by name."""

    name: str = ""


class PoolSpec(Wire, frozen=True):
    """`MachineConfigPool.spec`."""

    paused: bool = False
    configuration: Named = Named()
    max_unavailable: int | str | None = None


class PoolStatus(Wire, frozen=True):
    """`MachineConfigPool.status`."""

    configuration: Named = Named()
    machine_count: int = 0
    updated_machine_count: int = 0
    ready_machine_count: int = 0
    unavailable_machine_count: int = 0
    degraded_machine_count: int = 0
    conditions: list[WireCondition] | None = None


class Pool(Object, frozen=True):
    """Nodes that are configured alike."""

    spec: PoolSpec = PoolSpec()
    status: PoolStatus = PoolStatus()


class RouteBackend(Wire, frozen=True):
    """A service behind a route, and its share of the traffic."""

    kind: str = "Service"
    name: str = ""
    weight: int | None = None


class RouteTls(Wire, frozen=True):
    """How a route ends TLS; its keys are not read."""

    termination: str = ""


class RouteSpec(Wire, frozen=True):
    """`Route.spec`."""

    host: str = ""
    path: str = ""
    to: RouteBackend = RouteBackend()
    alternate_backends: list[RouteBackend] | None = None
    tls: RouteTls | None = None


class RouteIngress(Wire, frozen=True):
    """What one router says of a route."""

    host: str = ""
    router_name: str = ""
    conditions: list[WireCondition] | None = None


class RouteStatus(Wire, frozen=True):
    """`Route.status`."""

    ingress: list[RouteIngress] | None = None


class Route(Object, frozen=True):
    """A host that leads to services."""

    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class BuildStatus(Wire, frozen=True):
    """`Build.status`."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    log_snippet: str = ""
    completion_timestamp: datetime | None = None


class Build(Object, frozen=True):
    """One build of an image; label `openshift.io/build-config.name` names its BuildConfig."""

    status: BuildStatus = BuildStatus()


class DeploymentConfigSpec(Wire, frozen=True):
    """`DeploymentConfig.spec`."""

    replicas: int = 0
    paused: bool = False


class DeploymentConfigStatus(Wire, frozen=True):
    """`DeploymentConfig.status`."""

    available_replicas: int = 0
    conditions: list[WireCondition] | None = None


class DeploymentConfig(Object, frozen=True):
    """OpenShift's deployment of before Deployments."""

    spec: DeploymentConfigSpec = DeploymentConfigSpec()
    status: DeploymentConfigStatus = DeploymentConfigStatus()


class Endpoint(Wire, frozen=True):
    """One endpoint of a service."""

    conditions: dict[str, bool | None] = msgspec.field(default_factory=dict[str, bool | None])


class EndpointSlice(Object, frozen=True):
    """Some endpoints of a service; label `kubernetes.io/service-name` names it."""

    endpoints: list[Endpoint] | None = None

    @property
    def ready(self) -> int:
        """Endpoints that take requests; an unknown state counts, as the API says."""
        return sum(each.conditions.get("ready") is not False for each in self.endpoints or [])


CLUSTER_VERSION = Kind(
    "config.openshift.io", "v1", "ClusterVersion", "clusterversions", ClusterVersion, namespaced=False
)
CLUSTER_OPERATOR = Kind(
    "config.openshift.io", "v1", "ClusterOperator", "clusteroperators", ClusterOperator, namespaced=False
)
POOL = Kind(
    "machineconfiguration.openshift.io",
    "v1",
    "MachineConfigPool",
    "machineconfigpools",
    Pool,
    namespaced=False,
)
ROUTE = Kind("route.openshift.io", "v1", "Route", "routes", Route)
BUILD = Kind("build.openshift.io", "v1", "Build", "builds", Build)
DEPLOYMENT_CONFIG = Kind("apps.openshift.io", "v1", "DeploymentConfig", "deploymentconfigs", DeploymentConfig)
QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas", Object)
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", Object)
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", EndpointSlice)

__all__ = [
    "BUILD",
    "CLUSTER_OPERATOR",
    "CLUSTER_VERSION",
    "DEPLOYMENT_CONFIG",
    "ENDPOINT_SLICE",
    "NAMESPACE",
    "NETWORK_POLICY",
    "NODE",
    "POD_DISRUPTION_BUDGET",
    "POOL",
    "QUOTA",
    "ROUTE",
]
