"""What is true of a cluster's network now: policies, who they are about, and Calico's own state."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds_core import DAEMON_SET, EVENT, Event
from opskit.core.kinds_workloads import DaemonSet, Pod
from opskit.core.parts import Job, Unread, known, settle
from opskit.systems.calico import kinds_network as network
from opskit.systems.calico import reading
from opskit.systems.calico.birdc import Bird
from opskit.systems.calico.reach import Objects, Reach
from opskit.systems.calico.reach.objects import BY_FIELD
from opskit.systems.calico.workloads import Node

T = TypeVar("T")
PARTS = {
    "ip_pools": network.IP_POOL,
    "block_affinities": network.BLOCK_AFFINITY,
    "ipam_blocks": network.IPAM_BLOCK,
    "ipam_handles": network.IPAM_HANDLE,
    "bgp_configurations": network.BGP_CONFIGURATION,
    "bgp_peers": network.BGP_PEER,
    "node_statuses": network.CALICO_NODE_STATUS,
    "felix_configurations": network.FELIX_CONFIGURATION,
    "cluster_information": network.CLUSTER_INFORMATION,
    "installations": network.INSTALLATION,
}
"""Field of the facts → the kind that it lists."""


class Facts(Data, frozen=True, dict=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    now: datetime
    mode: str | Unread
    """See `reading.mode`; "" where there is no Calico."""
    inventory: dict[str, list[Any] | Unread]
    """Policies and whom they are about, by field of `reach.Objects`."""
    ip_pools: list[network.IPPool] | Unread
    block_affinities: list[network.BlockAffinity] | Unread
    ipam_blocks: list[network.IPAMBlock] | Unread
    ipam_handles: list[network.IPAMHandle] | Unread
    bgp_configurations: list[network.BGPConfiguration] | Unread
    bgp_peers: list[network.BGPPeer] | Unread
    node_statuses: list[network.CalicoNodeStatus] | Unread
    felix_configurations: list[network.FelixConfiguration] | Unread
    cluster_information: list[network.ClusterInformation] | Unread
    installations: list[network.Installation] | Unread
    node_pods: list[Pod] | Unread
    """The pods of calico-node."""
    kube_proxies: list[DaemonSet] | Unread
    events: list[Event] | Unread
    """Of calico-node pods that are not ready; read only where there are such."""
    birds: dict[str, Bird | Unread]
    """Node → what its BIRD says: of every node whose own report is missing, old or bad, at most
    `reading.MOST_ASKED`."""

    @cached_property
    def objects(self) -> Objects:
        """What reachability is judged from; parts that could not be read are empty."""
        return Objects(**{name: tuple(known(part, [])) for name, part in self.inventory.items()})

    @cached_property
    def reach(self) -> Reach:
        """The reachability engine over these facts."""
        return Reach.of(self.objects)

    def once(self, name: str, derive: Callable[[], T]) -> T:
        """What is derived from these facts under that name: derived once, whoever asks."""
        if name not in self._derived:
            self._derived[name] = derive()
        return self._derived[name]

    @cached_property
    def _derived(self) -> dict[str, Any]:
        return {}

    @property
    def unjudgeable(self) -> list[Unread]:
        """Parts without which who can talk to whom can't be told."""
        return [part for part in self.inventory.values() if isinstance(part, Unread)]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Node by name."""
        return {node.name: node for node in known(self.inventory["nodes"], [])}

    @cached_property
    def node_at(self) -> dict[str, str]:
        """Address → node, of BGP and of Kubernetes."""
        found = {address: node.name for node in self.nodes.values() for address in node.addresses}
        return found | {bgp_address(node): node.name for node in self.nodes.values() if bgp_address(node)}

    @cached_property
    def statuses(self) -> dict[str, network.CalicoNodeStatus]:
        """Node → its own report."""
        return {each.spec.node: each for each in known(self.node_statuses, [])}

    @cached_property
    def bgp(self) -> network.BGPConfigurationSpec:
        """The cluster-wide BGP settings."""
        held = known(self.bgp_configurations, [])
        return next((each.spec for each in held if each.name == "default"), network.BGPConfigurationSpec())

    @property
    def mesh(self) -> bool:
        """Whether every node peers with every other one."""
        return self.bgp.node_to_node_mesh_enabled is not False

    @property
    def speaks_bgp(self) -> bool:
        """Whether routes are exchanged by BGP at all."""
        return speaks_bgp(known(self.installations, []), known(self.ip_pools, []), known(self.bgp_peers, []))

    def stale(self, status: network.CalicoNodeStatus) -> bool:
        """Whether a node's report is older than three of its periods."""
        return stale(status, self.now)


def bgp_address(node: Node) -> str:
    """The address that a node speaks BGP from, as its agent noted it."""
    return node.annotations.get("projectcalico.org/IPv4Address", "").partition("/")[0]


def speaks_bgp(
    installations: list[network.Installation],
    pools: list[network.IPPool],
    peers: list[network.BGPPeer],
) -> bool:
    """Whether BIRD is meant to run: the operator's setting, else a pool without VXLAN, or a peer."""
    said = [each.spec.calico_network.bgp for each in installations if each.spec.calico_network]
    if any(said):
        return "Enabled" in said
    return bool(peers) or any(pool.spec.vxlan_mode == "Never" for pool in pools)


def stale(status: network.CalicoNodeStatus, now: datetime) -> bool:
    """Whether a report is older than three of its periods, at least a minute."""
    period = status.spec.update_period_seconds
    if period == 0 or status.status.last_updated is None:
        return status.status.last_updated is None
    return now - status.status.last_updated > timedelta(seconds=max(60, 3 * period))


def inventory(cluster: Cluster) -> dict[str, list[Any] | Unread]:
    """All that reachability is judged from, by field of `reach.Objects`."""
    return settle({name: partial(reading.objects, cluster, kind) for name, kind in BY_FIELD.items()})


def read(cluster: Cluster) -> Facts:
    """Read the network: about thirty lists, then `birdcl` on the nodes that need it."""
    jobs: dict[str, Job] = {name: partial(reading.objects, cluster, kind) for name, kind in PARTS.items()}
    first = settle(
        jobs
        | {
            "mode": lambda: reading.mode(cluster),
            "node_pods": lambda: reading.node_pods(cluster),
            "kube_proxies": lambda: cluster.list(DAEMON_SET, selector="k8s-app=kube-proxy"),
        }
    )
    now, pods = cluster.now(), known(first["node_pods"], [])
    birds = reading.birds(cluster, _suspects(first, pods, now))
    events = settle({"events": lambda: _events(cluster, pods)})
    return Facts(now=now, inventory=inventory(cluster), birds=birds, **events, **first)


def _suspects(parts: dict[str, Any], pods: list[Pod], now: datetime) -> list[Pod]:
    """The pods on nodes whose BIRD has to be asked itself."""
    if not speaks_bgp(*(known(parts[name], []) for name in ("installations", "ip_pools", "bgp_peers"))):
        return []
    reports = {each.spec.node: each for each in known(parts["node_statuses"], [])}
    fine = {node for node, report in reports.items() if not stale(report, now) and _sound(report)}
    placed = [pod for pod in pods if pod.spec.node_name and pod.spec.node_name not in fine]
    return placed[: reading.MOST_ASKED]


def _sound(report: network.CalicoNodeStatus) -> bool:
    """Whether all is up in a node's report."""
    bgp, agent = report.status.bgp, report.status.agent
    if bgp is None or (agent and agent.bird_v4 and agent.bird_v4.state == "NotReady"):
        return False
    return all(peer.state == "Established" for peer in (*(bgp.peers_v4 or ()), *(bgp.peers_v6 or ())))


def _events(cluster: Cluster, pods: list[Pod]) -> list[Event]:
    names = {pod.name for pod in pods if not pod.ready}
    spaces = {pod.namespace for pod in pods if pod.name in names}
    found = [
        event for space in sorted(filter(None, spaces)) for event in cluster.list(EVENT, namespace=space)
    ]
    return [each for each in found if each.involved_object.name in names and each.type == "Warning"]
