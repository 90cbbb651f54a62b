"""Calico's policy resources and the Kubernetes ones around them, projected to the fields in use.

Fields follow the released CRDs of `projectcalico.org/v3`
(https://docs.tigera.io/calico/latest/reference/resources/). Objects of the storage group
`crd.projectcalico.org/v1` are neither read nor written.
"""

from typing import Any

import msgspec

from opskit.core.kinds import Kind, Object, Wire
from opskit.systems.calico.kubernetes_policies import ADMIN_NETWORK_POLICY as ADMIN_NETWORK_POLICY
from opskit.systems.calico.kubernetes_policies import (
    BASELINE_ADMIN_NETWORK_POLICY as BASELINE_ADMIN_NETWORK_POLICY,
)
from opskit.systems.calico.kubernetes_policies import CLUSTER_NETWORK_POLICY as CLUSTER_NETWORK_POLICY
from opskit.systems.calico.kubernetes_policies import NETWORK_POLICY as NETWORK_POLICY
from opskit.systems.calico.kubernetes_policies import NetworkPolicySpec
from opskit.systems.calico.workloads import ENDPOINT_SLICE as ENDPOINT_SLICE
from opskit.systems.calico.workloads import NAMESPACE as NAMESPACE
from opskit.systems.calico.workloads import NODE as NODE
from opskit.systems.calico.workloads import POD as POD
from opskit.systems.calico.workloads import SERVICE as SERVICE
from opskit.systems.calico.workloads import SERVICE_ACCOUNT as SERVICE_ACCOUNT

GROUP = "projectcalico.org"


class TierSpec(Wire, frozen=True):
    """Tiers of lower order go first; one without an order goes last."""

    order: float | None = None
    default_action: str = "Deny"


class Tier(Object, frozen=True):
    """A group of policies that is gone through as a whole."""

    spec: TierSpec = msgspec.field(default_factory=TierSpec)


class ServiceAccountMatch(Wire, frozen=True):
    """Pods by their service account: its name and its labels, both must hold."""

    names: list[str] | None = None
    selector: str = ""


class ServiceMatch(Wire, frozen=True):
    """The endpoints of a Service; without a namespace the policy's own."""

    name: str = ""
    namespace: str = ""


class EntityRule(Wire, frozen=True):
    """What must hold of one side of the traffic."""

    nets: list[str] | None = None
    not_nets: list[str] | None = None
    selector: str = ""
    not_selector: str = ""
    namespace_selector: str = ""
    service_accounts: ServiceAccountMatch | None = None
    services: ServiceMatch | None = None
    ports: list[int | str] | None = None
    not_ports: list[int | str] | None = None


class ICMPFields(Wire, frozen=True):
    """Type and code of ICMP or ICMPv6."""

    type: int | None = None
    code: int | None = None


class HTTPPath(Wire, frozen=True):
    """A path, exact or by its beginning."""

    exact: str = ""
    prefix: str = ""


class HTTPMatch(Wire, frozen=True):
    """What must hold of an HTTP request; only application-layer policy sees that."""

    methods: list[str] | None = None
    paths: list[HTTPPath] | None = None


class Rule(Wire, frozen=True):
    """All that is set must hold; then `action` is taken."""

    action: str = ""
    ip_version: int | None = None
    protocol: int | str | None = None
    not_protocol: int | str | None = None
    icmp: ICMPFields | None = None
    not_icmp: ICMPFields | None = msgspec.field(name="notICMP", default=None)
    source: EntityRule = msgspec.field(default_factory=EntityRule)
    destination: EntityRule = msgspec.field(default_factory=EntityRule)
    http: HTTPMatch | None = None
    metadata: dict[str, Any] | None = None


class PolicySpec(Wire, frozen=True):
    """What the four kinds of Calico policy share; within a tier lower orders go first."""

    tier: str = "default"
    order: float | None = None
    selector: str = ""
    service_account_selector: str = ""
    types: list[str] | None = None
    ingress: list[Rule] | None = None
    egress: list[Rule] | None = None
    performance_hints: list[str] | None = None


class GlobalPolicySpec(PolicySpec, frozen=True):
    """The last three apply to host endpoints; see `reach.calico_rules`."""

    namespace_selector: str = ""
    apply_on_forward: bool = False
    do_not_track: bool = False
    pre_dnat: bool = msgspec.field(name="preDNAT", default=False)


class CalicoNetworkPolicy(Object, frozen=True):
    """A policy for endpoints of one namespace."""

    spec: PolicySpec = msgspec.field(default_factory=PolicySpec)


class GlobalNetworkPolicy(Object, frozen=True):
    """A policy for endpoints of any namespace, and for hosts."""

    spec: GlobalPolicySpec = msgspec.field(default_factory=GlobalPolicySpec)


class StagedPolicySpec(PolicySpec, frozen=True):
    """A policy that is not enforced yet."""

    staged_action: str = "Set"


class StagedGlobalPolicySpec(GlobalPolicySpec, frozen=True):
    """A global policy that is not enforced yet."""

    staged_action: str = "Set"


class StagedKubernetesPolicySpec(NetworkPolicySpec, frozen=True):
    """A Kubernetes NetworkPolicy that is not enforced yet."""

    staged_action: str = "Set"


class StagedNetworkPolicy(Object, frozen=True):
    """Staged form of Calico's NetworkPolicy."""

    spec: StagedPolicySpec = msgspec.field(default_factory=StagedPolicySpec)


class StagedGlobalNetworkPolicy(Object, frozen=True):
    """Staged form of GlobalNetworkPolicy."""

    spec: StagedGlobalPolicySpec = msgspec.field(default_factory=StagedGlobalPolicySpec)


class StagedKubernetesNetworkPolicy(Object, frozen=True):
    """Staged form of Kubernetes' NetworkPolicy."""

    spec: StagedKubernetesPolicySpec = msgspec.field(default_factory=StagedKubernetesPolicySpec)


class NetworkSetSpec(Wire, frozen=True):
    """Addresses that rules select by the set's labels."""

    nets: list[str] | None = None


class NetworkSet(Object, frozen=True):
    """Addresses with labels, in a namespace."""

    spec: NetworkSetSpec = msgspec.field(default_factory=NetworkSetSpec)


class GlobalNetworkSet(Object, frozen=True):
    """Addresses with labels, in no namespace."""

    spec: NetworkSetSpec = msgspec.field(default_factory=NetworkSetSpec)


class HostEndpointPort(Wire, frozen=True):
    """A named port of a host."""

    name: str = ""
    protocol: int | str = "TCP"
    port: int = 0


class HostEndpointSpec(Wire, frozen=True):
    """An interface of a node that policies can be applied to."""

    node: str = ""
    interface_name: str = ""
    expected_ips: list[str] | None = msgspec.field(name="expectedIPs", default=None)
    profiles: list[str] | None = None
    ports: list[HostEndpointPort] | None = None


class HostEndpoint(Object, frozen=True):
    """An interface of a node."""

    spec: HostEndpointSpec = msgspec.field(default_factory=HostEndpointSpec)


def _cluster(kind: str, plural: str, model: type[Any]) -> Kind[Any]:
    return Kind(GROUP, "v3", kind, plural, model, namespaced=False)


TIER: Kind[Tier] = _cluster("Tier", "tiers", Tier)
CALICO_NETWORK_POLICY = Kind(GROUP, "v3", "NetworkPolicy", "networkpolicies", CalicoNetworkPolicy)
GLOBAL_NETWORK_POLICY: Kind[GlobalNetworkPolicy] = _cluster(
    "GlobalNetworkPolicy", "globalnetworkpolicies", GlobalNetworkPolicy
)
STAGED_NETWORK_POLICY = Kind(GROUP, "v3", "StagedNetworkPolicy", "stagednetworkpolicies", StagedNetworkPolicy)
STAGED_GLOBAL_NETWORK_POLICY: Kind[StagedGlobalNetworkPolicy] = _cluster(
    "StagedGlobalNetworkPolicy", "stagedglobalnetworkpolicies", StagedGlobalNetworkPolicy
)
STAGED_KUBERNETES_NETWORK_POLICY = Kind(
    GROUP,
    "v3",
    "StagedKubernetesNetworkPolicy",
    "stagedkubernetesnetworkpolicies",
    StagedKubernetesNetworkPolicy,
)
NETWORK_SET = Kind(GROUP, "v3", "NetworkSet", "networksets", NetworkSet)
GLOBAL_NETWORK_SET: Kind[GlobalNetworkSet] = _cluster(
    "GlobalNetworkSet", "globalnetworksets", GlobalNetworkSet
)
HOST_ENDPOINT: Kind[HostEndpoint] = _cluster("HostEndpoint", "hostendpoints", HostEndpoint)
