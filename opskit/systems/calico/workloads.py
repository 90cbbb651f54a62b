"""The Kubernetes objects that policies are about, projected to the fields in use.

Fields follow https://kubernetes.io/docs/reference/kubernetes-api/.
"""

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition, condition_holds


class ContainerPort(Wire, frozen=True):
    """A port that a container names; policies may refer to it by that name."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"


class Container(Wire, frozen=True):
    """A container, as far as its ports go."""

    name: str = ""
    ports: list[ContainerPort] | None = None


class PodSpec(Wire, frozen=True):
    """Where a pod runs and as whom."""

    node_name: str = ""
    host_network: bool = False
    service_account_name: str = "default"
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class PodIP(Wire, frozen=True):
    """One address of a pod; a dual-stack pod has one of each family."""

    ip: str = ""


class PodStatus(Wire, frozen=True):
    """Phase and addresses."""

    phase: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    pod_ips: list[PodIP] | None = msgspec.field(name="podIPs", default=None)
    host_ip: str = msgspec.field(name="hostIP", default="")


class Pod(Object, frozen=True):
    """A pod."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)

    @property
    def finished(self) -> bool:
        """Whether it has ended: its address is no longer its own."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses; empty until the network is set up."""
        if self.status.pod_ips:
            return tuple([each.ip for each in self.status.pod_ips])
        return (self.status.pod_ip,) if self.status.pod_ip else ()


class Namespace(Object, frozen=True):
    """A namespace; only its name and labels matter."""


class ServiceAccount(Object, frozen=True):
    """A service account; only its name and labels matter."""


class NodeAddress(Wire, frozen=True):
    """One address of a node."""

    type: str = ""
    address: str = ""


class NodeStatus(Wire, frozen=True):
    """Addresses, and whether the kubelet reports."""

    addresses: list[NodeAddress] | None = None
    conditions: list[WireCondition] | None = None


class Node(Object, frozen=True):
    """A node."""

    status: NodeStatus = msgspec.field(default_factory=NodeStatus)

    @property
    def ready(self) -> bool:
        """Whether its kubelet says that it is ready."""
        return condition_holds(self.status.conditions, "Ready")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its internal and external addresses."""
        given = self.status.addresses or ()
        return tuple(each.address for each in given if each.type in ("InternalIP", "ExternalIP"))


class ServicePort(Wire, frozen=True):
    """A port of a Service."""

    name: str = ""
    protocol: str = "TCP"
    port: int = 0


class ServiceSpec(Wire, frozen=True):
    """The addresses that stand for the endpoints; policies see the endpoints behind them."""

    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    cluster_ips: list[str] | None = msgspec.field(name="clusterIPs", default=None)
    ports: list[ServicePort] | None = None
    selector: dict[str, str] | None = None


class Service(Object, frozen=True):
    """A Service."""

    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)


class Endpoint(Wire, frozen=True):
    """One backend of a Service."""

    addresses: list[str] | None = None


class EndpointPort(Wire, frozen=True):
    """A port of the backends; None means every port."""

    name: str | None = None
    protocol: str = "TCP"
    port: int | None = None


class EndpointSlice(Object, frozen=True):
    """Part of a Service's backends; the label `kubernetes.io/service-name` says of which."""

    address_type: str = "IPv4"
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None

    @property
    def service(self) -> str:
        """The Service's name."""
        return self.labels.get("kubernetes.io/service-name", "")


POD = Kind("", "v1", "Pod", "pods", Pod)
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", Namespace, namespaced=False)
NODE = Kind("", "v1", "Node", "nodes", Node, namespaced=False)
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts", ServiceAccount)
SERVICE = Kind("", "v1", "Service", "services", Service)
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", EndpointSlice)
