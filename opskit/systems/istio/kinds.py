"""Istio's resources, projected to the fields in use.

Fields follow the released CRDs of `networking.istio.io` and `security.istio.io`
(https://istio.io/latest/docs/reference/config/).
"""

from functools import cached_property
from typing import Any

import msgspec

from opskit.core.answers import converted
from opskit.core.kinds import Kind, LabelSelector, Object, Wire

NETWORKING, SECURITY = "networking.istio.io", "security.istio.io"


class PortSelector(Wire, frozen=True):
    """A port by number."""

    number: int = 0


class Destination(Wire, frozen=True):
    """Where a route leads: a host of the registry, and one of its subsets."""

    host: str = ""
    subset: str = ""
    port: PortSelector | None = None


class RouteDestination(Wire, frozen=True):
    """A destination and its share."""

    destination: Destination = Destination()
    weight: int = 0


class HttpRoute(Wire, frozen=True):
    """One of `spec.http`: the first that matches wins."""

    name: str = ""
    match: list[dict[str, Any]] | None = None
    route: list[RouteDestination] | None = None
    redirect: dict[str, Any] | None = None
    direct_response: dict[str, Any] | None = None
    delegate: dict[str, Any] | None = None
    mirror: Destination | None = None
    timeout: str = ""
    retries: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None


class StreamRoute(Wire, frozen=True):
    """One of `spec.tcp` or `spec.tls`."""

    route: list[RouteDestination] | None = None


class VirtualServiceSpec(Wire, frozen=True, dict=True, gc=True):
    """How requests for these hosts are routed."""

    hosts: list[str] = msgspec.field(default_factory=list[str])
    gateways: list[str] | None = None
    raw_http: list[dict[str, Any]] | None = msgspec.field(name="http", default=None)
    """Whole, so that a plan can give it back as it was."""
    tls: list[StreamRoute] | None = None
    tcp: list[StreamRoute] | None = None
    export_to: list[str] | None = None

    @cached_property
    def http(self) -> list[HttpRoute]:
        """HTTP's routes, the fields in use."""
        return converted(self.raw_http or [], list[HttpRoute])


class VirtualService(Object, frozen=True):
    """Routes of some hosts."""

    spec: VirtualServiceSpec = VirtualServiceSpec()

    @property
    def routes(self) -> list[RouteDestination]:
        """Every destination with its share, HTTP's first."""
        http = [each for route in self.spec.http for each in route.route or []]
        streams = [*(self.spec.tls or []), *(self.spec.tcp or [])]
        return [*http, *(each for stream in streams for each in stream.route or [])]

    @property
    def in_mesh(self) -> bool:
        """Whether sidecars have it: it names no gateway, or `mesh`."""
        return not self.spec.gateways or "mesh" in self.spec.gateways


class ClientTls(Wire, frozen=True):
    """How clients are to speak TLS: `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL`."""

    mode: str = ""


class TrafficPolicy(Wire, frozen=True):
    """What clients do with a destination."""

    tls: ClientTls | None = None
    outlier_detection: dict[str, Any] | None = None


class Subset(Wire, frozen=True):
    """A named part of a service's pods."""

    name: str = ""
    labels: dict[str, str] | None = None
    traffic_policy: TrafficPolicy | None = None


class DestinationRuleSpec(Wire, frozen=True):
    """Policies and subsets of one host."""

    host: str = ""
    subsets: list[Subset] | None = None
    traffic_policy: TrafficPolicy | None = None
    workload_selector: LabelSelector | None = None
    export_to: list[str] | None = None


class DestinationRule(Object, frozen=True):
    """What clients do with one host."""

    spec: DestinationRuleSpec = DestinationRuleSpec()


class GatewayPort(Wire, frozen=True):
    """A port that a gateway listens on."""

    number: int = 0
    name: str = ""
    protocol: str = ""


class GatewayTls(Wire, frozen=True):
    """How a gateway's port speaks TLS; the secret is named, never read."""

    mode: str = ""
    credential_name: str = ""


class GatewayServer(Wire, frozen=True):
    """One port of a gateway and the hosts that it serves."""

    port: GatewayPort = GatewayPort()
    hosts: list[str] = msgspec.field(default_factory=list[str])
    tls: GatewayTls | None = None


class GatewaySpec(Wire, frozen=True):
    """The pods that are a gateway, and what they serve."""

    selector: dict[str, str] | None = None
    servers: list[GatewayServer] | None = None


class Gateway(Object, frozen=True):
    """Where traffic enters or leaves the mesh."""

    spec: GatewaySpec = GatewaySpec()


class ServiceEntrySpec(Wire, frozen=True):
    """Hosts that are added to the registry."""

    hosts: list[str] = msgspec.field(default_factory=list[str])
    location: str = ""
    resolution: str = ""


class ServiceEntry(Object, frozen=True):
    """Hosts outside of the mesh, or without a Kubernetes service."""

    spec: ServiceEntrySpec = ServiceEntrySpec()


class MutualTls(Wire, frozen=True):
    """`STRICT`, `PERMISSIVE`, `DISABLE` or `UNSET`."""

    mode: str = ""


class PeerAuthenticationSpec(Wire, frozen=True):
    """What a workload's Envoy accepts."""

    selector: LabelSelector | None = None
    mtls: MutualTls | None = None
    port_level_mtls: dict[str, MutualTls] | None = None


class PeerAuthentication(Object, frozen=True):
    """Whether plain text is accepted."""

    spec: PeerAuthenticationSpec = PeerAuthenticationSpec()

    @property
    def mode(self) -> str:
        """The mode of all ports, `UNSET` where none is given."""
        return (self.spec.mtls.mode if self.spec.mtls else "") or "UNSET"


class EnvoyFilterSpec(Wire, frozen=True):
    """Whose Envoys are patched."""

    workload_selector: dict[str, Any] | None = None


class EnvoyFilter(Object, frozen=True):
    """A patch of Envoy's configuration; its content is not judged."""

    spec: EnvoyFilterSpec = EnvoyFilterSpec()

    @property
    def labels_selected(self) -> dict[str, str]:
        """The labels of the pods that it is for; none is all."""
        chosen: dict[str, str] = (self.spec.workload_selector or {}).get("labels") or {}
        return chosen


class MeshPort(Wire, frozen=True):
    """A service's port, with what tells Istio its protocol."""

    name: str = ""
    port: int = 0
    protocol: str = "TCP"
    app_protocol: str | None = None
    target_port: int | str | None = None


class MeshServiceSpec(Wire, frozen=True):
    """`Service.spec`."""

    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    selector: dict[str, str] | None = None
    ports: list[MeshPort] | None = None
    type: str = ""
    external_name: str = ""


class MeshService(Object, frozen=True):
    """A Kubernetes service, as Istio's registry has it."""

    spec: MeshServiceSpec = MeshServiceSpec()

    @property
    def host(self) -> str:
        """Its full name."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"


VIRTUAL_SERVICE = Kind(NETWORKING, "v1", "VirtualService", "virtualservices", VirtualService)
DESTINATION_RULE = Kind(NETWORKING, "v1", "DestinationRule", "destinationrules", DestinationRule)
GATEWAY = Kind(NETWORKING, "v1", "Gateway", "gateways", Gateway)
SERVICE_ENTRY = Kind(NETWORKING, "v1", "ServiceEntry", "serviceentries", ServiceEntry)
ENVOY_FILTER = Kind(NETWORKING, "v1alpha3", "EnvoyFilter", "envoyfilters", EnvoyFilter)
PEER_AUTHENTICATION = Kind(SECURITY, "v1", "PeerAuthentication", "peerauthentications", PeerAuthentication)
SERVICE = Kind("", "v1", "Service", "services", MeshService)
