"""What can be broken between nodes and in their addresses and policies."""

from collections.abc import Callable
from ipaddress import ip_network
from signal import SIGKILL
from typing import Any

from opskit.core.errors import BadValue, NotFound, ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.kube import Json
from opskit.sandbox.network import addresses, bird, fabric
from opskit.sandbox.network.addresses import V3
from opskit.sandbox.network.objects import calico
from opskit.sandbox.network.options import NODES, POOL, SUBNET, address, block, options_of
from opskit.sandbox.running import run
from opskit.sandbox.waiting import wait_until

_SEEN = 90.0
"""Seconds until a fault must show, and until its end must."""


def _node(name: str) -> str:
    if name not in NODES:
        raise BadValue(f"{name!r} is no node.", where="node", hint=f"use one of {', '.join(NODES)}.")
    return name


def _state(sandbox: Broken, node: str, peer: str) -> str:
    """Of the session with an address, as the node's BIRD tells; empty where there is none."""
    try:
        held = bird.sessions(sandbox.site, node)
    except ToolFailed:
        return "no BIRD"
    wanted = peer.replace(".", "_")
    return next((state for name, (_, state) in held.items() if name.partition("_")[2] == wanted), "")


def _wait(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what=what, deadline=_SEEN, every=0.5)


def _established(sandbox: Broken, node: str) -> Callable[[], bool]:
    def holds() -> bool:
        held = bird.sessions(sandbox.site, node)
        return bool(held) and all(state == "Established" for _, state in held.values())

    return holds


def _rules(node: str) -> list[tuple[str, ...]]:
    peer = address(_node(node))
    return [("INPUT", "-s", peer, "-p", "tcp", way, "179", "-j", "DROP") for way in ("--dport", "--sport")]


def _cut(sandbox: Broken, *, node: str = "node-a", peer: str = "node-b") -> dict[str, Any]:
    for rule in _rules(_node(peer)):
        run(fabric.inside(sandbox.site, _node(node), require("iptables"), "-A", *rule), deadline=20.0)
    _wait(lambda: _state(sandbox, node, address(peer)) not in ("", "Established"), f"{node} misses {peer}")
    _wait(lambda: _state(sandbox, peer, address(node)) not in ("", "Established"), f"{peer} misses {node}")
    return {"node": node, "peer": peer}


def _mend(sandbox: Broken, *, node: str = "node-a", peer: str = "node-b") -> None:
    for rule in _rules(peer):
        try:
            run(fabric.inside(sandbox.site, node, require("iptables"), "-D", *rule), deadline=20.0)
        except ToolFailed:
            continue  # this rule was not set yet
    _wait(_established(sandbox, node), f"{node} has all its sessions")


def _kill(sandbox: Broken, *, node: str = "node-c") -> dict[str, Any]:
    if not sandbox.site.processes.signal(bird.name(_node(node)), SIGKILL):
        raise NotFound(f"No BIRD runs on {node}.", where=node, hint="heal the faults that are in.")
    others = [each for each in NODES if each != node]
    _wait(
        lambda: not any(_state(sandbox, each, address(node)) == "Established" for each in others),
        f"nobody has a session with {node}",
    )
    return {"node": node}


def _revive(sandbox: Broken, *, node: str = "node-c") -> None:
    if not sandbox.site.processes.alive(bird.name(node)):
        bird.socket(sandbox.site, node).unlink(missing_ok=True)
        sandbox.site.processes.start(bird.name(node), bird.command(sandbox.site, node))
    _wait(_established(sandbox, node), f"{node} has all its sessions")


def _override(sandbox: Broken, node: str, **fields: str) -> None:
    path = bird.overrides(sandbox.site)
    held = {key: value for key, value in read_json(path, {}).items() if key != node}
    write_json(path, held | ({node: fields} if fields else {}))


def _overridden(field: str, value: str) -> Callable[..., dict[str, Any]]:
    def inject(sandbox: Broken, *, node: str = "node-d") -> dict[str, Any]:
        _override(sandbox, _node(node), **{field: value})
        _wait(lambda: not _any_established(sandbox, node), f"{node} has no session any more")
        return {"node": node}

    return inject


def _any_established(sandbox: Broken, node: str) -> bool:
    return any(state == "Established" for _, state in bird.sessions(sandbox.site, node).values())


def _not_overridden(sandbox: Broken, *, node: str = "node-d") -> None:
    _override(sandbox, node)
    _wait(_established(sandbox, node), f"{node} has all its sessions")


_STRANGER = f"{SUBNET}.250"


def _wrong_peer(sandbox: Broken, *, node: str = "node-a") -> dict[str, Any]:
    spec = {"node": _node(node), "peerIP": _STRANGER, "asNumber": 64600}
    api(sandbox.site).create(f"{V3}/bgppeers", calico("BGPPeer", "rack-router", spec))
    _wait(lambda: _state(sandbox, node, _STRANGER) != "", f"{node} tries {_STRANGER}")
    return {"node": node}


def _no_wrong_peer(sandbox: Broken, *, node: str = "node-a") -> None:
    api(sandbox.site).delete(f"{V3}/bgppeers/rack-router")
    _wait(lambda: _state(sandbox, node, _STRANGER) == "", f"{node} leaves {_STRANGER} alone")


def _mesh(sandbox: Broken, *, on: bool) -> None:
    spec = {"spec": {"nodeToNodeMeshEnabled": on}}
    api(sandbox.site).patch(f"{V3}/bgpconfigurations/default", spec)


def _mesh_off(sandbox: Broken) -> dict[str, Any]:
    _mesh(sandbox, on=False)
    _wait(lambda: not any(bird.sessions(sandbox.site, node) for node in NODES), "no node has a session")
    return {}


def _mesh_on(sandbox: Broken) -> None:
    _mesh(sandbox, on=True)
    _wait(lambda: bird.all_established(sandbox.site, NODES), "every node has all its sessions")


_LOST = "2026-01-01 00:00:00 +0000 UTC"
_LEAK = "k8s-pod-network.lost"


def _leaked(number: int, node: str) -> Json:
    return {"namespace": "shop", "pod": f"web-lost-{number}", "node": node, "timestamp": _LOST}


def _leak(sandbox: Broken, *, node: str = "node-b", count: int | str = 5) -> dict[str, Any]:
    _fill(sandbox, block(_node(node)), node, at_most=int(count))
    return {}


def _fill(sandbox: Broken, cidr: str, node: str, *, at_most: int) -> None:
    path = f"{V3}/ipamblocks/{addresses.object_name(cidr)}"
    spec = api(sandbox.site).get(path)["spec"]
    for index in sorted(spec["unallocated"], reverse=True)[:at_most]:
        spec = addresses.give(spec, index, f"{_LEAK}-{index}", _leaked(index, node))
    api(sandbox.site).patch(path, {"spec": spec})


def _exhaust(sandbox: Broken) -> dict[str, Any]:
    client, every = api(sandbox.site), [str(net) for net in ip_network(POOL).subnets(new_prefix=26)]
    held = {each["spec"]["cidr"]: each["spec"]["node"] for each in client.items(f"{V3}/blockaffinities")}
    for number, cidr in enumerate(every):
        node = held.get(cidr) or NODES[number % len(NODES)]
        addresses.claim(client, cidr, node)
        _fill(sandbox, cidr, node, at_most=addresses.SIZE)
    return {}


def _release(sandbox: Broken) -> None:
    client = api(sandbox.site)
    own = {block(node) for node in NODES}
    for held in client.items(f"{V3}/ipamblocks"):
        spec, name = held["spec"], held["metadata"]["name"]
        if spec["cidr"] not in own:
            client.delete(f"{V3}/ipamblocks/{name}")
            continue
        lost = {h for each in spec["attributes"] if (h := each["handle_id"]).startswith(_LEAK)}
        client.patch(f"{V3}/ipamblocks/{name}", {"spec": addresses.take(spec, lost)})
    for held in client.items(f"{V3}/blockaffinities"):
        if held["spec"]["cidr"] not in own:
            client.delete(f"{V3}/blockaffinities/{held['metadata']['name']}")


_GONE_BLOCK = "10.65.3.192/26"


def _gone_node(sandbox: Broken) -> dict[str, Any]:
    addresses.claim(api(sandbox.site), _GONE_BLOCK, "node-z")
    return {}


def _policies(sandbox: Broken) -> tuple[str, str]:
    """The namespace of the workloads, and the collection of its policies."""
    shop = options_of(sandbox.site).workloads
    return shop, f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"


def _lock_out(sandbox: Broken) -> dict[str, Any]:
    shop, path = _policies(sandbox)
    rule = {"to": [{"podSelector": {}}]}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "only-within", "namespace": shop},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]},
    }
    api(sandbox.site).create(path, policy)
    return {}


def _let_out(sandbox: Broken) -> None:
    api(sandbox.site).delete(f"{_policies(sandbox)[1]}/only-within")


FAULTS = (
    Fault(
        name="bgp-cut",
        summary="TCP port 179 between two nodes is dropped in silence, as a firewall does.",
        seen="`birdcl show protocols` on both: the session leaves Established when the hold timer expires.",
        inject=_cut,
        heal=_mend,
        victims=("the BGP sessions",),
        arguments={"node": "one node (node-a)", "peer": "the other (node-b)"},
    ),
    Fault(
        name="bird-down",
        summary="BIRD on a node is killed and not restarted; of a reflector, too.",
        seen="`birdcl` there can't connect; its peers say Connection refused.",
        inject=_kill,
        heal=_revive,
        victims=("the BGP sessions",),
        arguments={"node": "which (node-c)"},
    ),
    Fault(
        name="wrong-as",
        summary="A node speaks for another AS than its peers expect.",
        seen="`birdcl show protocols all`: Bad peer AS on both ends.",
        inject=_overridden("as", "64999"),
        heal=_not_overridden,
        victims=("the BGP sessions",),
        arguments={"node": "which (node-d)"},
    ),
    Fault(
        name="wrong-password",
        summary="A node uses a BGP password that its peers don't have.",
        seen="`birdcl show protocols`: Connect or Active without an error; TCPMD5 counters of the "
        "kernel grow.",
        inject=_overridden("password", "not-the-peers"),
        heal=_not_overridden,
        victims=("the BGP sessions",),
        arguments={"node": "which (node-d)"},
    ),
    Fault(
        name="wrong-peer",
        summary="A BGPPeer names an address at which there is nobody.",
        seen="`birdcl show protocols` on the node: Node_10_99_0_250 is Connect or Active.",
        inject=_wrong_peer,
        heal=_no_wrong_peer,
        victims=("the BGP sessions",),
        arguments={"node": "which node has the peer (node-a)"},
    ),
    Fault(
        name="mesh-off",
        summary="The node-to-node mesh is turned off, and there are no route reflectors.",
        seen="`birdcl show protocols` lists no BGP protocol any more.",
        inject=_mesh_off,
        heal=_mesh_on,
        victims=("the BGP sessions",),
    ),
    Fault(
        name="ipam-leak",
        summary="Addresses stay recorded for pods that are gone.",
        seen="`kubectl get ipamblocks.projectcalico.org -o yaml`: attributes of pods that don't exist.",
        inject=_leak,
        heal=_release,
        victims=("the address blocks",),
        arguments={"node": "whose block (node-b)", "count": "how many (5)"},
    ),
    Fault(
        name="pool-exhausted",
        summary="Every address of the pool is recorded as given, most of them to pods that are gone.",
        seen="`kubectl get ipamblocks.projectcalico.org`: 16 blocks, none with `unallocated` left.",
        inject=_exhaust,
        heal=_release,
        victims=("the address blocks",),
    ),
    Fault(
        name="block-of-gone-node",
        summary="A block belongs to a node that is no more.",
        seen="`kubectl get blockaffinities.projectcalico.org`: node-z, which `kubectl get nodes` lacks.",
        inject=_gone_node,
        heal=_release,
        victims=("the address blocks",),
    ),
    Fault(
        name="dns-locked-out",
        summary="A policy isolates the egress of `shop` and forgets DNS.",
        seen="`kubectl -n shop get networkpolicy only-within -o yaml`: Egress, and no rule for port 53.",
        inject=_lock_out,
        heal=_let_out,
    ),
)
"""All faults of the profile."""
