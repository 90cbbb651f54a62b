"""Calico's network: pools and blocks of addresses, BGP, Felix, the installation. Fields in use only.

Field meanings: https://docs.tigera.io/calico/latest/reference/resources/ and, for the installation,
https://docs.tigera.io/calico/latest/reference/installation/api.
"""

from datetime import datetime
from typing import Any

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition

GROUP = "projectcalico.org"
STORAGE_GROUP = "crd.projectcalico.org"
"""Where the datastore keeps what an aggregated API server serves as v3. Read only where v3 is not served."""


class IPPoolSpec(Wire, frozen=True):
    """A range that pods get addresses from."""

    cidr: str = ""
    vxlan_mode: str = "Never"
    ipip_mode: str = "Never"
    nat_outgoing: bool = False
    disabled: bool = False
    block_size: int | None = None
    """Prefix length of a block; None is 26, or 122 of IPv6."""
    node_selector: str = "all()"
    allowed_uses: list[str] | None = None
    assignment_mode: str = "Automatic"
    disable_bgp_export: bool = msgspec.field(name="disableBGPExport", default=False)


class IPPool(Object, frozen=True):
    """A pool of pod addresses."""

    spec: IPPoolSpec = msgspec.field(default_factory=IPPoolSpec)


class BlockAffinitySpec(Wire, frozen=True):
    """Which node a block belongs to."""

    cidr: str = ""
    node: str = ""
    state: str = ""
    """`confirmed`, `pending` or `pendingDeletion`."""
    type: str = "host"
    deleted: bool | str = False
    """The storage group writes it as text."""


class BlockAffinity(Object, frozen=True):
    """A node's claim to a block."""

    spec: BlockAffinitySpec = msgspec.field(default_factory=BlockAffinitySpec)


class AllocationAttribute(Wire, frozen=True):
    """Who has an address of a block."""

    handle_id: str = msgspec.field(name="handle_id", default="")
    secondary: dict[str, Any] | None = None
    """`namespace`, `pod`, `node`, `timestamp` of a pod; `node`, `type` of a tunnel."""
    released_at: str = ""
    """Set while a released address cools down."""


class IPAMBlockSpec(Wire, frozen=True):
    """A block of addresses, usually 64."""

    cidr: str = ""
    affinity: str | None = None
    """`host:NODE`; None for a block that no node has any more."""
    allocations: list[int | None] | None = None
    """For each address the index of its attribute; None is free."""
    attributes: list[AllocationAttribute] | None = None
    strict_affinity: bool = False


class IPAMBlock(Object, frozen=True):
    """What is given of a block."""

    spec: IPAMBlockSpec = msgspec.field(default_factory=IPAMBlockSpec)


class IPAMHandleSpec(Wire, frozen=True):
    """All addresses of one owner."""

    handle_id: str = msgspec.field(name="handleID", default="")
    block: dict[str, int] | None = None
    """Block → number of addresses in it."""


class IPAMHandle(Object, frozen=True):
    """An owner of addresses."""

    spec: IPAMHandleSpec = msgspec.field(default_factory=IPAMHandleSpec)


class BGPConfigurationSpec(Wire, frozen=True):
    """How BGP is spoken everywhere (`default`) or on one node (`node.NAME`)."""

    node_to_node_mesh_enabled: bool | None = None
    """None is true."""
    as_number: int | str | None = None
    """None is 64512."""
    listen_port: int | None = None
    node_mesh_password: dict[str, Any] | None = None
    """A reference to a Secret, which is never read."""


class BGPConfiguration(Object, frozen=True):
    """BGP settings."""

    spec: BGPConfigurationSpec = msgspec.field(default_factory=BGPConfigurationSpec)


class BGPPeerSpec(Wire, frozen=True):
    """Which nodes peer with whom."""

    node: str = ""
    node_selector: str = ""
    peer_ip: str = msgspec.field(name="peerIP", default="")
    as_number: int | str | None = None
    peer_selector: str = ""
    password: dict[str, Any] | None = None
    """A reference to a Secret, which is never read."""


class BGPPeer(Object, frozen=True):
    """A peering beyond the mesh."""

    spec: BGPPeerSpec = msgspec.field(default_factory=BGPPeerSpec)


class NodeStatusSpec(Wire, frozen=True):
    """What is to be reported of which node, and how often."""

    node: str = ""
    classes: list[str] | None = None
    update_period_seconds: int = 10


class StatusPeer(Wire, frozen=True):
    """One BGP session as the node's agent sees it."""

    peer_ip: str = msgspec.field(name="peerIP", default="")
    state: str = ""
    type: str = ""
    """`NodeMesh`, `NodePeer` or `GlobalPeer`."""
    since: str = ""


class StatusBgp(Wire, frozen=True):
    """All BGP sessions of a node."""

    peers_v4: list[StatusPeer] | None = msgspec.field(name="peersV4", default=None)
    peers_v6: list[StatusPeer] | None = msgspec.field(name="peersV6", default=None)


class StatusBird(Wire, frozen=True):
    """The BIRD daemon of one IP version."""

    state: str = ""
    version: str = ""


class StatusAgent(Wire, frozen=True):
    """The daemons of a node."""

    bird_v4: StatusBird | None = msgspec.field(name="birdV4", default=None)
    bird_v6: StatusBird | None = msgspec.field(name="birdV6", default=None)


class NodeStatusStatus(Wire, frozen=True):
    """What was reported last."""

    last_updated: datetime | None = None
    agent: StatusAgent | None = None
    bgp: StatusBgp | None = None


class CalicoNodeStatus(Object, frozen=True):
    """A node's state, reported by its own agent."""

    spec: NodeStatusSpec = msgspec.field(default_factory=NodeStatusSpec)
    status: NodeStatusStatus = msgspec.field(default_factory=NodeStatusStatus)


class FelixSpec(Wire, frozen=True):
    """Felix's settings, everywhere (`default`) or on one node (`node.NAME`); None is Felix's default."""

    bpf_enabled: bool | None = None
    vxlan_enabled: bool | None = None
    ipip_enabled: bool | None = None
    failsafe_inbound_host_ports: list[dict[str, Any]] | None = None
    failsafe_outbound_host_ports: list[dict[str, Any]] | None = None
    interface_prefix: str | None = None


class FelixConfiguration(Object, frozen=True):
    """Settings of Felix."""

    spec: FelixSpec = msgspec.field(default_factory=FelixSpec)


class ClusterInformationSpec(Wire, frozen=True):
    """What runs."""

    calico_version: str = ""
    datastore_ready: bool | None = None


class ClusterInformation(Object, frozen=True):
    """Calico's record of the cluster."""

    spec: ClusterInformationSpec = msgspec.field(default_factory=ClusterInformationSpec)


class CalicoNetwork(Wire, frozen=True):
    """`spec.calicoNetwork`."""

    bgp: str | None = None
    """`Enabled` or `Disabled`."""
    linux_dataplane: str | None = None


class InstallationSpec(Wire, frozen=True):
    """What the operator installs."""

    variant: str = ""
    calico_network: CalicoNetwork | None = None


class InstallationStatus(Wire, frozen=True):
    """How far it is."""

    conditions: list[WireCondition] | None = None


class Installation(Object, frozen=True):
    """The Tigera operator's installation."""

    spec: InstallationSpec = msgspec.field(default_factory=InstallationSpec)
    status: InstallationStatus = msgspec.field(default_factory=InstallationStatus)


def _cluster(kind: str, plural: str, model: type[Any]) -> Kind[Any]:
    return Kind(GROUP, "v3", kind, plural, model, namespaced=False)


IP_POOL: Kind[IPPool] = _cluster("IPPool", "ippools", IPPool)
BLOCK_AFFINITY: Kind[BlockAffinity] = _cluster("BlockAffinity", "blockaffinities", BlockAffinity)
IPAM_BLOCK: Kind[IPAMBlock] = _cluster("IPAMBlock", "ipamblocks", IPAMBlock)
IPAM_HANDLE: Kind[IPAMHandle] = _cluster("IPAMHandle", "ipamhandles", IPAMHandle)
BGP_CONFIGURATION: Kind[BGPConfiguration] = _cluster(
    "BGPConfiguration", "bgpconfigurations", BGPConfiguration
)
BGP_PEER: Kind[BGPPeer] = _cluster("BGPPeer", "bgppeers", BGPPeer)
CALICO_NODE_STATUS: Kind[CalicoNodeStatus] = _cluster(
    "CalicoNodeStatus", "caliconodestatuses", CalicoNodeStatus
)
FELIX_CONFIGURATION: Kind[FelixConfiguration] = _cluster(
    "FelixConfiguration", "felixconfigurations", FelixConfiguration
)
CLUSTER_INFORMATION: Kind[ClusterInformation] = _cluster(
    "ClusterInformation", "clusterinformations", ClusterInformation
)
INSTALLATION: Kind[Installation] = Kind(
    "operator.tigera.io", "v1", "Installation", "installations", Installation, namespaced=False
)
