"""Frames of a cluster's network. Pure: facts in, frame out; every frame has its columns also when empty."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from opskit.core.aspects import Aspect
from opskit.systems.calico import ipam, sessions
from opskit.systems.calico.facts import Facts

SESSIONS = {
    "node": "str",
    "peer": "str",
    "address": "str",
    "sort": "str",
    "state": "str",
    "since": "str",
    "error": "str",
    "witness": "str",
}
POOLS = {
    "pool": "str",
    "cidr": "str",
    "encapsulation": "str",
    "disabled": "bool",
    "addresses": "int64",
    "allocated": "int64",
    "share": "float64",
    "blocks": "int64",
    "possible_blocks": "int64",
}
POLICIES = {
    "tier": "str",
    "tier_order": "float64",
    "order": "float64",
    "policy": "str",
    "namespace": "str",
    "ingress": "str",
    "egress": "str",
    "pods": "int64",
}
MESH = {"nodes": "int64", "mesh_sessions": "int64", "reflector_sessions": "int64"}


def _table(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))


def bgp(facts: Facts) -> pd.DataFrame:
    """Every end of every BGP session that is known of.

    Returns:
        node, peer (str: node, or address of an outsider), address, sort (mesh, node, global), state,
        since, error (BIRD's last one), witness (str: birdcl or CalicoNodeStatus).

    """
    return _table(
        (
            (e.node, e.peer, e.address, e.sort, e.state, e.since, e.error, e.witness)
            for e in sessions.ends(facts)
        ),
        SESSIONS,
    )


def pools(facts: Facts) -> pd.DataFrame:
    """Every pool and how full it is.

    Returns:
        pool, cidr, encapsulation (str), disabled (bool), addresses, allocated (int64), share (float64,
        0 to 1), blocks, possible_blocks (int64).

    """
    return _table((_pool(each) for each in ipam.usage(facts)), POOLS)


def _pool(each: ipam.Usage) -> tuple[Any, ...]:
    spec = each.pool.spec
    ways = [f"{name} {mode}" for name, mode in (("VXLAN", spec.vxlan_mode), ("IPIP", spec.ipip_mode))]
    used = ", ".join(way for way in ways if not way.endswith("Never")) or "none"
    size = min(each.net.num_addresses, 2**62)
    return (
        each.pool.name,
        spec.cidr,
        used,
        spec.disabled,
        size,
        each.allocated,
        each.share,
        each.blocks,
        each.possible,
    )


def policies(facts: Facts) -> pd.DataFrame:
    """Every policy in the order in which policies are gone through.

    Returns:
        tier (str), tier_order, order (float64), policy, namespace (str), ingress, egress (str: what it has
        a say in), pods (int64, that it selects).

    """
    reach = facts.reach
    rows: list[tuple[Any, ...]] = []
    for bound in reach.program(4).tiers:
        for each in bound.policies:
            selected = int(reach.universe.pods[each.rows].sum()) if len(each.rows) else 0
            ways = [_say(rules) for rules in (each.policy.ingress, each.policy.egress)]
            ref = each.policy.ref
            rows.append(
                (
                    bound.tier.name,
                    bound.tier.order,
                    each.policy.order,
                    str(ref),
                    ref.namespace,
                    *ways,
                    selected,
                )
            )
    return _table(rows, POLICIES)


def _say(rules: tuple[Any, ...] | None) -> str:
    if rules is None:
        return ""
    return f"{len(rules)} rules" if rules else "isolates, allows nothing"


def reachability(facts: Facts, *, protocol: str = "TCP", port: int | None = 80) -> pd.DataFrame:
    """Who can talk to whom, namespace by namespace, for one kind of traffic.

    Args:
        facts: of the cluster.
        protocol: TCP, UDP, SCTP, ICMP, …
        port: destination port, for protocols that have ports.

    Returns:
        source, destination (str: namespace), pairs, allowed_pairs (int64), share (float64, 0 to 1).

    """
    return facts.reach.matrix(protocol, port).by_namespace()


def classes(facts: Facts, *, protocol: str = "TCP", port: int | None = 80) -> pd.DataFrame:
    """The same, class by class of endpoints that no policy tells apart; see `reach.Matrix.frame`."""
    return facts.reach.matrix(protocol, port).frame()


def why(
    facts: Facts, source: str, destination: str, *, protocol: str = "TCP", port: int | None = None
) -> pd.DataFrame:
    """Every policy that was asked about one pair, in order, and the decision; see `Reach.why`."""
    return facts.reach.why(source, destination, protocol, port)


def ports(facts: Facts, source: str, destination: str, *, protocol: str = "TCP") -> pd.DataFrame:
    """Which ports are open between two.

    Returns:
        first, last (int64), allowed (bool), why (str: the rules that decide).

    """
    found = facts.reach.ports(source, destination, protocol)
    columns = {"first": "int64", "last": "int64", "allowed": "bool", "why": "str"}
    rows = ((s.low, s.high, s.allowed, "; ".join(map(str, s.rules))) for s in found)
    return _table(rows, columns)


def mesh_cost(
    nodes: Sequence[int] = (3, 10, 50, 100, 250, 500, 1000), *, reflectors: int = 3
) -> pd.DataFrame:
    """What a full mesh and what reflectors cost in sessions.

    Args:
        nodes: numbers of nodes.
        reflectors: nodes that reflect routes; each peers with every node.

    Returns:
        nodes, mesh_sessions, reflector_sessions (int64).

    """
    rows = ((n, n * (n - 1) // 2, _reflected(n, min(reflectors, n))) for n in nodes)
    return _table(rows, MESH)


def _reflected(nodes: int, reflectors: int) -> int:
    return reflectors * (nodes - reflectors) + reflectors * (reflectors - 1) // 2


COMPARED = (
    Aspect("BGP session", bgp, ("node", "peer"), ("state", "error", "sort")),
    Aspect("IP pool", pools, ("pool",), ("cidr", "encapsulation", "disabled", "allocated")),
    Aspect("policy", policies, ("policy",), ("tier", "order", "ingress", "egress", "pods")),
)
"""What two looks are compared by."""
