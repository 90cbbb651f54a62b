"""BGP sessions as both ends see them: what BIRD itself says, else what the node's agent reported."""

from collections.abc import Iterable, Iterator

from opskit.core.findings import Data
from opskit.core.parts import known
from opskit.systems.calico.birdc import Bird
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.reading import CONTAINER, SESSIONS

_SORTS = {"NodeMesh": "mesh", "NodePeer": "node", "GlobalPeer": "global"}


class End(Data, frozen=True):
    """One end of a session."""

    node: str
    address: str
    """Of the other end."""
    peer: str
    """The node at the other end, or the address where it is no node of this cluster."""
    sort: str
    """`mesh`, `node` or `global`."""
    state: str
    since: str = ""
    error: str = ""
    local_as: int = 0
    peer_as: int = 0
    witness: str = ""
    """`birdcl` or `CalicoNodeStatus`."""

    @property
    def established(self) -> bool:
        """Whether routes are exchanged."""
        return self.state == "Established"

    @property
    def pair(self) -> frozenset[str]:
        """Both ends' names."""
        return frozenset((self.node, self.peer))


def bird(facts: Facts, node: str) -> Bird | None:
    """What a node's BIRD said, if it was asked and the question got through."""
    found = facts.birds.get(node)
    return found if isinstance(found, Bird) else None


def ends(facts: Facts) -> list[End]:
    """Every end of every session, by node."""
    names = sorted({*facts.birds, *facts.statuses})
    return [end for name in names for end in _of(facts, name)]


def _of(facts: Facts, node: str) -> Iterator[End]:
    said = bird(facts, node)
    if said is not None:
        for each in said.sessions:
            yield End(
                node=node,
                address=each.peer,
                peer=facts.node_at.get(each.peer, each.peer),
                sort=each.sort,
                state=each.state,
                since=each.since,
                error=each.error,
                local_as=each.local_as,
                peer_as=each.peer_as,
                witness="birdcl",
            )
        return
    report = facts.statuses.get(node)
    if report is None or report.status.bgp is None or facts.stale(report):
        return
    for peer in (*(report.status.bgp.peers_v4 or ()), *(report.status.bgp.peers_v6 or ())):
        yield End(
            node=node,
            address=peer.peer_ip,
            peer=facts.node_at.get(peer.peer_ip, peer.peer_ip),
            sort=_SORTS.get(peer.type, peer.type),
            state=peer.state,
            since=peer.since,
            witness="CalicoNodeStatus",
        )


def down(every: Iterable[End]) -> dict[frozenset[str], list[End]]:
    """Pair → its ends that are not established, in the order of their nodes."""
    found: dict[frozenset[str], list[End]] = {}
    for end in every:
        if not end.established:
            found.setdefault(end.pair, []).append(end)
    return found


def reflectors(facts: Facts) -> set[str]:
    """Nodes that reflect routes: those with a cluster ID."""
    key = "projectcalico.org/RouteReflectorClusterID"
    return {node.name for node in facts.nodes.values() if node.annotations.get(key)}


def command(facts: Facts, node: str) -> str:
    """The command by which a person sees a node's sessions."""
    pod = next((each for each in known(facts.node_pods, []) if each.spec.node_name == node), None)
    if pod is None:
        return f"kubectl get caliconodestatus -o yaml  # of {node}"
    return f"kubectl -n {pod.namespace} exec {pod.name} -c {CONTAINER} -- {' '.join(SESSIONS)}"
