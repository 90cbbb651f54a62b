"""BGP: daemons, sessions between nodes, and what they need to exist at all.

The cause is looked for in this order: the node is away, its BIRD is down, the two ends don't agree (AS,
password), the network between them. A session that an earlier cause explains is not told again.
"""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread
from opskit.core.wording import count, some
from opskit.systems.calico import judging, sessions
from opskit.systems.calico.checks_bgp_causes import by_error, explains, guilty_of_as
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.judging import CRITICAL, ERROR, finding
from opskit.systems.calico.sessions import End

Pairs = dict[frozenset[str], list[End]]


def bgp_sessions(facts: Facts) -> list[Finding]:
    """Every session that is not established, each under its cause."""
    left = sessions.down(sessions.ends(facts))
    found: list[Finding] = []
    for look in (_away, _bird_down, _as_mismatch, _password):
        found += look(facts, left)
    return [*found, *_cut_off(facts, left), *(_pair(facts, pair, ends) for pair, ends in left.items())]


def _taken(left: Pairs, node: str) -> Pairs:
    """The pairs of a node, taken out of those that still want a cause."""
    return {pair: left.pop(pair) for pair in [pair for pair in left if node in pair]}


def _others(pairs: Pairs, node: str) -> list[str]:
    return sorted(name for pair in pairs for name in pair - {node})


def _away(facts: Facts, left: Pairs) -> list[Finding]:
    gone = [n.name for n in facts.nodes.values() if not n.ready and any(n.name in pair for pair in left)]
    return [_node_away(facts, name, _taken(left, name)) for name in gone]


def _node_away(facts: Facts, node: str, pairs: Pairs) -> Finding:
    return finding(
        "ROUTE_REFLECTOR_DOWN" if node in sessions.reflectors(facts) else "NODE_AWAY",
        _gravity(facts, node),
        node,
        f"Node {node} is not Ready, so {count(len(pairs), 'BGP session')} with it are down.",
        evidence=[
            Evidence(text=f"{node} is not Ready", command=f"kubectl get node {node}"),
            *_said(facts, pairs),
        ],
        cause="The node is off, cut off, or its kubelet stopped.",
        remedy=f"Bring the node back; `kubectl describe node {node}` says what it last reported.",
        source=judging.BGP,
    )


def _bird_down(facts: Facts, left: Pairs) -> list[Finding]:
    found = {name: bird for name in facts.birds if (bird := sessions.bird(facts, name)) and not bird.runs}
    return [_daemon(facts, name, bird.unreachable, _taken(left, name)) for name, bird in found.items()]


def _daemon(facts: Facts, node: str, said: str, pairs: Pairs) -> Finding:
    reflector = node in sessions.reflectors(facts)
    what = "the route reflector " if reflector else ""
    return finding(
        "ROUTE_REFLECTOR_DOWN" if reflector else "BIRD_DOWN",
        _gravity(facts, node),
        f"BIRD on {node}",
        f"BIRD does not run on {what}{node}: pods there lose their routes to and from other nodes.",
        evidence=[Evidence(text=said, command=sessions.command(facts, node)), *_said(facts, pairs)],
        cause="The daemon died or never started; its log says why (a configuration it can't parse, "
        "no memory).",
        remedy=f"Read the log of calico-node on {node} for `bird`; delete that pod to start it anew.",
        source=judging.BGP_TROUBLE,
    )


def _gravity(facts: Facts, node: str) -> Severity:
    """The last reflector takes every route of the cluster with it."""
    every = sessions.reflectors(facts)
    if facts.mesh or node not in every:
        return ERROR
    serving = {end.peer for end in sessions.ends(facts) if end.established}
    return ERROR if (every - {node}) & serving else CRITICAL


def _as_mismatch(facts: Facts, left: Pairs) -> list[Finding]:
    found: list[Finding] = []
    for node, local, expected in guilty_of_as(facts, left):
        pairs = _taken(left, node)
        if not pairs:
            continue
        peers = some(_others(pairs, node))
        found.append(
            finding(
                "BGP_AS_MISMATCH",
                ERROR,
                f"BGP of {node}",
                f"{node} speaks for AS {local}, but {peers} expect AS {expected} there.",
                evidence=_said(facts, pairs),
                cause="The node's AS (annotation projectcalico.org/ASNumber) or its peers' is "
                f"wrong: {local} "
                f"against {expected}.",
                remedy=f"Give both ends one AS: `kubectl annotate node {node} "
                f"projectcalico.org/ASNumber={expected} --overwrite`, or correct the BGPPeer.",
            )
        )
    return found


def _password(facts: Facts, left: Pairs) -> list[Finding]:
    """Segments with a wrong signature are dropped in silence: only the kernel counts them."""
    counted = {name: bird.dropped for name in facts.birds if (bird := sessions.bird(facts, name))}
    silent = {
        pair: ends
        for pair, ends in left.items()
        if not any(explains(end.error) for end in ends) and _may_sign(facts, ends)
    }
    touched = {pair: ends for pair, ends in silent.items() if any(counted.get(name, 0) for name in pair)}
    found: list[Finding] = []
    while touched:
        node = max(sorted({name for pair in touched for name in pair}), key=lambda n: _share(touched, n))
        pairs = _taken(touched, node)
        for pair in pairs:
            del left[pair]
        found.append(_wrong_password(facts, node, pairs, counted))
    return found


def _may_sign(facts: Facts, ends: list[End]) -> bool:
    """Counters are of the whole node: a session with an outsider is theirs only if it has a password."""
    strangers = [end.address for end in ends if end.peer == end.address]
    peers = [] if isinstance(facts.bgp_peers, Unread) else facts.bgp_peers
    signed = {peer.spec.peer_ip.partition(":")[0] for peer in peers if peer.spec.password}
    return all(address in signed for address in strangers)


def _share(pairs: Pairs, node: str) -> int:
    return sum(node in pair for pair in pairs)


def _wrong_password(facts: Facts, node: str, pairs: Pairs, counted: dict[str, int]) -> Finding:
    names = sorted({name for pair in pairs for name in pair})
    drops = "; ".join(f"{name}: {counted[name]}" for name in names if counted.get(name))
    return finding(
        "BGP_PASSWORD_MISMATCH",
        ERROR,
        f"BGP of {node}",
        f"The BGP passwords of {node} and {some(_others(pairs, node))} differ: "
        f"{count(len(pairs), 'session')} can't come up.",
        evidence=[
            Evidence(
                text=f"TCP segments dropped for their MD5 signature since the node started: {drops}",
                command=sessions.command(facts, node).replace(
                    " ".join(sessions.SESSIONS), "grep TcpExt /proc/net/netstat"
                ),
            ),
            *_said(facts, pairs),
        ],
        cause="One end has another password, or none. The kernel drops such segments without an answer.",
        remedy="Compare the Secrets that the BGPPeer (`spec.password`) and the BGPConfiguration "
        "(`spec.nodeMeshPassword`) name; both ends must resolve to the same one.",
        source=f"{judging.DOCS}/network-policy/comms/secure-bgp",
    )


def _cut_off(facts: Facts, left: Pairs) -> Iterator[Finding]:
    """A node whose sessions are all down is one finding, not one for each peer."""
    totals: dict[str, set[frozenset[str]]] = {}
    for end in sessions.ends(facts):
        for name in end.pair:
            totals.setdefault(name, set()).add(end.pair)
    for node in sorted(facts.nodes, key=lambda name: -_share(left, name)):
        mine = [pair for pair in left if node in pair]
        if len(mine) > 1 and len(mine) == len(totals.get(node, ())):
            yield _node_cut_off(facts, node, _taken(left, node))


def _node_cut_off(facts: Facts, node: str, pairs: Pairs) -> Finding:
    errors = [end.error for ends in pairs.values() for end in ends]
    return finding(
        "BGP_NODE_CUT_OFF",
        ERROR,
        f"BGP of {node}",
        f"None of the {len(pairs)} BGP sessions of {node} is established.",
        evidence=_said(facts, pairs),
        cause=by_error(errors),
        remedy=f"Look at {node} first: its address, its firewall (TCP 179), its link.",
        source=judging.BGP_TROUBLE,
    )


def _pair(facts: Facts, pair: frozenset[str], ends: list[End]) -> Finding:
    first = ends[0]
    both = f"{first.node} and {first.peer}"
    stranger = first.peer == first.address
    external = "" if not stranger else f" ({first.address} is no node of this cluster)"
    code = "BGP_PEER_UNKNOWN" if stranger and first.sort == "mesh" else "BGP_SESSION_DOWN"
    return finding(
        code,
        ERROR,
        f"BGP session {first.node} - {first.peer}",
        f"The BGP session between {both}{external} is {first.state}, not Established"
        + (f": {first.error}." if first.error else "."),
        evidence=_said(facts, {pair: ends}),
        cause=_stranger(facts, first) or by_error([end.error for end in ends]),
        remedy=Remedy(
            text=f"From {first.node}, try TCP port 179 of {first.address}; look at firewalls and "
            "routes between."
        ),
        source=judging.BGP_TROUBLE,
    )


def _stranger(facts: Facts, end: End) -> str:
    peers = [] if isinstance(facts.bgp_peers, Unread) else facts.bgp_peers
    named = [peer.name for peer in peers if peer.spec.peer_ip.partition(":")[0] == end.address]
    if end.peer != end.address or not named:
        return ""
    return (
        f"BGPPeer {some(named)} names the address {end.address}, at which nobody speaks BGP with {end.node}: "
        f"the address is wrong, or that router is down. BIRD says: {end.error or end.state}."
    )


def _said(facts: Facts, pairs: Pairs) -> list[Evidence]:
    """What each end says, the first few."""
    ends = [end for ends in pairs.values() for end in ends][:6]
    return [
        Evidence(
            text=f"{end.node} ({end.witness}): {end.peer} {end.address} is {end.state}"
            + (f" since {end.since}" if end.since else "")
            + (f", last error: {end.error}" if end.error else ""),
            command=sessions.command(facts, end.node),
        )
        for end in ends
    ]
