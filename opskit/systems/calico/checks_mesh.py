"""How BGP is laid out: full mesh or route reflectors, and whether every node has a peer at all."""

from opskit.core.errors import BadValue
from opskit.core.findings import Evidence, Finding
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.calico import judging
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.judging import CRITICAL, ERROR, WARNING, finding
from opskit.systems.calico.kinds_network import BGPPeerSpec
from opskit.systems.calico.reach import calico_selector
from opskit.systems.calico.reach.expression import holds
from opskit.systems.calico.workloads import Node

MESH_NODES = 100
"""Above this many nodes Calico's documentation advises route reflectors."""

_SHOW = "kubectl get bgpconfigurations.projectcalico.org default -o yaml"


def mesh_too_large(facts: Facts) -> list[Finding]:
    """A full mesh of so many nodes that its sessions cost more than reflectors would."""
    nodes = len(facts.nodes)
    if not (facts.mesh and facts.speaks_bgp and nodes > MESH_NODES):
        return []
    return [
        finding(
            "MESH_TOO_LARGE",
            WARNING,
            "the node-to-node mesh",
            f"The full mesh of {nodes:,} nodes is {nodes * (nodes - 1) // 2:,} BGP sessions, "
            f"{nodes - 1:,} on every node.",
            evidence=[Evidence(text="nodeToNodeMeshEnabled is true", command=_SHOW)],
            cause=f"A mesh grows with the square of the nodes; above about {MESH_NODES} reflectors "
            "serve better.",
            remedy="Make two or three nodes route reflectors, wait until their sessions are Established, and "
            "only then turn the mesh off.",
            source=f"{judging.BGP}#configure-a-node-to-act-as-a-route-reflector",
        )
    ]


def mesh_off_without_peers(facts: Facts) -> list[Finding]:
    """The mesh is off, and nodes are left to which no BGPPeer applies."""
    if facts.mesh or not facts.speaks_bgp or isinstance(facts.bgp_peers, Unread):
        return []
    alone = [name for name, node in facts.nodes.items() if not _covered(facts, node)]
    if not alone:
        return []
    whole = len(alone) == len(facts.nodes)
    return [
        finding(
            "MESH_OFF_WITHOUT_REFLECTORS",
            CRITICAL if whole else ERROR,
            f"BGP of {some(alone, at_most=3)}",
            f"The node-to-node mesh is off and {count(len(alone), 'node', 'has')} no BGP peer: "
            "nobody learns the routes to their pods.",
            evidence=[
                Evidence(text="nodeToNodeMeshEnabled is false", command=_SHOW),
                Evidence(
                    text=f"no BGPPeer applies to {some(alone)}",
                    command="kubectl get bgppeers.projectcalico.org -o yaml",
                ),
            ],
            cause="The mesh was turned off before the route reflectors were there, or their "
            "selector is wrong.",
            remedy="Turn the mesh on again (`nodeToNodeMeshEnabled: true` in BGPConfiguration default), then "
            "set up the reflectors and see their sessions Established.",
            source=f"{judging.BGP}#disable-the-default-bgp-node-to-node-mesh",
        )
    ]


def _covered(facts: Facts, node: Node) -> bool:
    peers = [peer.spec for peer in known(facts.bgp_peers, [])]
    return any(_local(peer, node) or (peer.peer_selector and _is(peer.peer_selector, node)) for peer in peers)


def _local(peer: BGPPeerSpec, node: Node) -> bool:
    if peer.node:
        return peer.node == node.name
    return not peer.node_selector or _is(peer.node_selector, node)


def _is(selector: str, node: Node) -> bool:
    """A selector that can't be read selects nobody here; the API server would not have taken it."""
    try:
        return holds(calico_selector.parse(selector), node.labels)
    except BadValue:
        return False


def peer_selects_nobody(facts: Facts) -> list[Finding]:
    """A BGPPeer whose peers are chosen by a selector that no node fits."""
    found: list[Finding] = []
    for peer in known(facts.bgp_peers, []):
        wanted = peer.spec.peer_selector
        if wanted and facts.nodes and not any(_is(wanted, node) for node in facts.nodes.values()):
            found.append(
                finding(
                    "BGP_PEER_SELECTS_NOBODY",
                    ERROR if not facts.mesh else WARNING,
                    f"BGPPeer {peer.name}",
                    f"The peerSelector of BGPPeer {peer.name} matches no node, so it makes no session.",
                    evidence=[
                        Evidence(
                            text=f"peerSelector: {wanted}",
                            command=f"kubectl get bgppeers.projectcalico.org {peer.name} -o yaml",
                        )
                    ],
                    cause="The reflectors' label was taken off, or the selector is mistyped.",
                    remedy="Label the reflectors' nodes as the selector wants: `kubectl get nodes "
                    "--show-labels`.",
                )
            )
    return found


def report_stale(facts: Facts) -> list[Finding]:
    """A node's own report is old: its agent does not write any more."""
    old = [name for name, each in facts.statuses.items() if name in facts.nodes and facts.stale(each)]
    if not old:
        return []
    first = facts.statuses[old[0]]
    return [
        finding(
            "NODE_STATUS_STALE",
            WARNING,
            some(old),
            f"The CalicoNodeStatus of {count(len(old), 'node')} is not updated any more.",
            evidence=[
                Evidence(
                    text=f"{first.name}: last updated {first.status.last_updated or 'never'}, "
                    f"every {first.spec.update_period_seconds} s is asked for",
                    command=f"kubectl get caliconodestatuses.projectcalico.org {first.name} -o yaml",
                )
            ],
            cause="calico-node does not run on these nodes, or can't reach the API server.",
            remedy="See the calico-node pods of these nodes and their logs.",
            source=f"{judging.DOCS}/reference/resources/caliconodestatus",
        )
    ]
