"""Predicates over a cluster's policies: what is open, what is closed, and what exists."""

from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound, Unreachable
from opskit.core.parts import Unread, known
from opskit.systems.calico import facts, flows, reading
from opskit.systems.calico.kubernetes_policies import NETWORK_POLICY
from opskit.systems.calico.reach import Objects, Reach, locked_out
from opskit.systems.calico.sampling import pairs

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


def _reach(cluster: "Cluster") -> Reach:
    """The policies and pods as they are now.

    Raises:
        Unreachable: a part could not be read: what is open can't be told.

    """
    parts = facts.inventory(cluster)
    missing = next((part for part in parts.values() if isinstance(part, Unread)), None)
    if missing is not None:
        raise Unreachable(f"What policies do can't be told: {missing.reason}", hint="see what can't be read")
    return Reach.of(Objects(**{name: tuple(known(part, [])) for name, part in parts.items()}))


@CONDITIONS.named("calico/policy-exists")
def policy_exists(cluster: "Cluster", *, namespace: str, name: str) -> Held:
    """The NetworkPolicy is there."""
    try:
        cluster.get(NETWORK_POLICY, name, namespace=namespace)
    except NotFound:
        return Held(ok=False, state=f"there is no NetworkPolicy {namespace}/{name}")
    return Held(ok=True, state=f"NetworkPolicy {namespace}/{name} is there")


@CONDITIONS.named("calico/policy-gone")
def policy_gone(cluster: "Cluster", *, namespace: str, name: str) -> Held:
    """The NetworkPolicy is not there."""
    held = policy_exists(cluster, namespace=namespace, name=name)
    return Held(ok=not held.ok, state=held.state)


@CONDITIONS.named("calico/isolated")
def isolated(cluster: "Cluster", *, namespace: str, directions: list[str]) -> Held:
    """Every pod of the namespace has policies in these directions: what they don't allow is denied."""
    reach = _reach(cluster)
    names = [
        e.name for e in reach.universe.endpoints if e.sort == "pod" and e.name.startswith(f"{namespace}/")
    ]
    for name in names:
        for direction in directions:
            if not reach.isolated(name, direction):
                return Held(ok=False, state=f"no policy selects {name} for {direction}")
    state = f"all {len(names)} pods of {namespace} are isolated for {' and '.join(directions)}"
    return Held(ok=True, state=state)


@CONDITIONS.named("calico/dns-open")
def dns_open(cluster: "Cluster", *, namespace: str) -> Held:
    """Every pod of the namespace reaches cluster DNS over UDP and TCP."""
    for each in locked_out(_reach(cluster)):
        if each.namespace == namespace:
            return Held(ok=False, state=f"{each.pods} pods don't reach DNS, e.g. {each.example}: {each.why}")
    return Held(ok=True, state=f"all pods of {namespace} reach cluster DNS")


@CONDITIONS.named("calico/flow-open")
def flow_open(cluster: "Cluster", *, namespace: str, flow: str) -> Held:
    """The flow is allowed between all pods that it means; with no pods on a side, nothing contradicts it."""
    wanted = flows.parse(flow, namespace=namespace)
    reach = _reach(cluster)
    for source, destination in pairs(reach.objects, wanted):
        found = reach.allowed(source, destination, wanted.protocol, wanted.port)
        if not found.allowed:
            return Held(ok=False, state=found.text)
    return Held(ok=True, state=f"{flow} is allowed")


@CONDITIONS.named("calico/flow-closed")
def flow_closed(cluster: "Cluster", *, source: str, destination: str, protocol: str, port: int) -> Held:
    """The policies deny this connection."""
    found = _reach(cluster).allowed(source, destination, protocol, port)
    return Held(ok=not found.allowed, state=found.text)


@CONDITIONS.named("calico/bgp-established")
def bgp_established(cluster: "Cluster", *, node: str, peer: str) -> Held:
    """The node's own BIRD says that its session with an address is Established."""
    pod = next((each for each in reading.node_pods(cluster) if each.spec.node_name == node), None)
    if pod is None:
        return Held(ok=False, state=f"no calico-node runs on {node}")
    said = reading.bird(cluster, pod)
    found = next((each for each in said.sessions if each.peer == peer), None)
    if found is None:
        return Held(ok=False, state=said.unreachable or f"BIRD on {node} has no session with {peer}")
    return Held(ok=found.established, state=f"{node} with {peer}: {found.state} {found.error}".strip())
