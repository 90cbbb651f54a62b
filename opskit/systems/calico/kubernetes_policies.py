"""Policies of Kubernetes itself: NetworkPolicy, and the cluster-wide ones of network-policy-api.

Every field of the released schemas is here, so that an unknown field in a manifest can be told.
https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
https://network-policy-api.sigs.k8s.io/reference/spec/
"""

from typing import Any

import msgspec

from opskit.core.kinds import Kind, Object, Wire


class Requirement(Wire, frozen=True):
    """One of `matchExpressions`."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(Wire, frozen=True):
    """Selects by labels; an empty one selects everything."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Requirement] | None = None


class IPBlock(Wire, frozen=True):
    """Addresses of `cidr` outside of every one of `except`."""

    cidr: str = ""
    excluded: list[str] | None = msgspec.field(name="except", default=None)


class NetworkPolicyPeer(Wire, frozen=True):
    """Who is on the other side."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Wire, frozen=True):
    """A destination port: a number, a range up to `endPort`, a name, or every port of the protocol."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class IngressRule(Wire, frozen=True):
    """Allows from any of `from` to any of `ports`; an absent list is any."""

    sources: list[NetworkPolicyPeer] | None = msgspec.field(name="from", default=None)
    ports: list[NetworkPolicyPort] | None = None


class EgressRule(Wire, frozen=True):
    """Allows to any of `to` at any of `ports`; an absent list is any."""

    to: list[NetworkPolicyPeer] | None = None
    ports: list[NetworkPolicyPort] | None = None


class NetworkPolicySpec(Wire, frozen=True):
    """What is selected, and what is allowed to and from it."""

    pod_selector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    ingress: list[IngressRule] | None = None
    egress: list[EgressRule] | None = None
    policy_types: list[str] | None = None


class NetworkPolicy(Object, frozen=True):
    """`networking.k8s.io/v1` NetworkPolicy."""

    spec: NetworkPolicySpec = msgspec.field(default_factory=NetworkPolicySpec)


class NamespacedPods(Wire, frozen=True):
    """Pods by the labels of their namespace and their own."""

    namespace_selector: LabelSelector = msgspec.field(default_factory=LabelSelector)
    pod_selector: LabelSelector = msgspec.field(default_factory=LabelSelector)


class AdminSubject(Wire, frozen=True):
    """What a cluster-wide policy applies to; exactly one field is set."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPods | None = None


class AdminPeer(Wire, frozen=True):
    """The other side; exactly one field is set. The last three are for egress only."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPods | None = None
    nodes: LabelSelector | None = None
    networks: list[str] | None = None
    domain_names: list[str] | None = None


class PortNumber(Wire, frozen=True):
    """One port (v1alpha1)."""

    protocol: str = "TCP"
    port: int = 0


class PortRange(Wire, frozen=True):
    """An inclusive range; v1alpha1 gives the protocol here."""

    protocol: str = "TCP"
    start: int = 0
    end: int = 0


class AdminPort(Wire, frozen=True):
    """A destination port (v1alpha1); exactly one field is set."""

    port_number: PortNumber | None = None
    named_port: str | None = None
    port_range: PortRange | None = None


class DestinationPort(Wire, frozen=True):
    """A destination port (v1alpha2); exactly one field is set."""

    number: int | None = None
    range: PortRange | None = None


class ProtocolPort(Wire, frozen=True):
    """`tcp`, `udp` or `sctp` of a rule (v1alpha2)."""

    destination_port: DestinationPort | None = None


class AdminProtocol(Wire, frozen=True):
    """A protocol and its port (v1alpha2); exactly one field is set."""

    tcp: ProtocolPort | None = None
    udp: ProtocolPort | None = None
    sctp: ProtocolPort | None = None
    destination_named_port: str | None = None


class AdminIngressRule(Wire, frozen=True):
    """`ports` is of v1alpha1, `protocols` of v1alpha2."""

    name: str = ""
    action: str = ""
    sources: list[AdminPeer] | None = msgspec.field(name="from", default=None)
    ports: list[AdminPort] | None = None
    protocols: list[AdminProtocol] | None = None


class AdminEgressRule(Wire, frozen=True):
    """`ports` is of v1alpha1, `protocols` of v1alpha2."""

    name: str = ""
    action: str = ""
    to: list[AdminPeer] | None = None
    ports: list[AdminPort] | None = None
    protocols: list[AdminProtocol] | None = None


class AdminPolicySpec(Wire, frozen=True):
    """Shared by the three cluster-wide kinds; `tier` is of v1alpha2, BANP has no priority."""

    tier: str = ""
    priority: int = 0
    subject: AdminSubject = msgspec.field(default_factory=AdminSubject)
    ingress: list[AdminIngressRule] | None = None
    egress: list[AdminEgressRule] | None = None


class AdminNetworkPolicy(Object, frozen=True):
    """`policy.networking.k8s.io/v1alpha1`: before every NetworkPolicy."""

    spec: AdminPolicySpec = msgspec.field(default_factory=AdminPolicySpec)


class BaselineAdminNetworkPolicy(Object, frozen=True):
    """`policy.networking.k8s.io/v1alpha1`: for pods that no NetworkPolicy selects."""

    spec: AdminPolicySpec = msgspec.field(default_factory=AdminPolicySpec)


class ClusterNetworkPolicy(Object, frozen=True):
    """`policy.networking.k8s.io/v1alpha2`: the tiers Admin and Baseline in one kind."""

    spec: AdminPolicySpec = msgspec.field(default_factory=AdminPolicySpec)


def _admin(version: str, kind: str, plural: str, model: type[Any]) -> Kind[Any]:
    return Kind("policy.networking.k8s.io", version, kind, plural, model, namespaced=False)


NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", NetworkPolicy)
ADMIN_NETWORK_POLICY: Kind[AdminNetworkPolicy] = _admin(
    "v1alpha1", "AdminNetworkPolicy", "adminnetworkpolicies", AdminNetworkPolicy
)
BASELINE_ADMIN_NETWORK_POLICY: Kind[BaselineAdminNetworkPolicy] = _admin(
    "v1alpha1", "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies", BaselineAdminNetworkPolicy
)
CLUSTER_NETWORK_POLICY: Kind[ClusterNetworkPolicy] = _admin(
    "v1alpha2", "ClusterNetworkPolicy", "clusternetworkpolicies", ClusterNetworkPolicy
)
