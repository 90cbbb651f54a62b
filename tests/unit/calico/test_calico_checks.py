"""What each check says of a real network, altered by one thing, and that it is silent otherwise."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from opskit.core.errors import Forbidden, NotInstalled
from opskit.core.findings import Finding, Severity
from opskit.core.parts import unread
from opskit.core.reads import RunTool
from opskit.systems.calico import reading
from opskit.systems.calico.checks import CHECKS, check
from opskit.systems.calico.facts import PARTS, Facts, read
from opskit.systems.calico.system import SYSTEM
from tests.unit import altered
from tests.unit.altered import Edit, Json, add, double, drop, fails, put, says

REFLECTOR = "metadata.annotations.projectcalico|org/RouteReflectorClusterID"
POOL, BLOCK = "default-ipv4-ippool", "10-65-0-128-26"
ALLOW = {"action": "Allow"}
OUTSIDE = {"cidr": "10.0.0.0/8", "except": ["192.168.0.0/16"]}
REFUSED = "Socket: Connection refused"
NO_BIRD = "Unable to connect to server control socket (/var/run/calico/bird.ctl): Connection refused"


def recorded(argv: tuple[str, ...]) -> str:
    """What a real node answered while its session with node-b was cut."""
    reader = altered.cluster("calico").reader.reader  # type: ignore[attr-defined]
    read = next(
        e.read for e in reader.manifest.entries if isinstance(e.read, RunTool) and e.read.argv == argv
    )
    return reader.answer(read, deadline=1).body.decode()


BIRD, NETSTAT = recorded(reading.SESSIONS), recorded(reading.NETSTAT)
LAST_ERROR = "BGP Error: Hold timer expired"


def all_down(text: str) -> str:
    """The established sessions as the one that is down."""
    whole = text.index("\nMesh_10_99_0_2")
    down = text[whole : text.index("\nMesh_10_99_0_3")]
    return text[:whole] + "".join(
        down.replace("10.99.0.2", f"10.99.0.{n}").replace("_0_2", f"_0_{n}") for n in "2345"
    )


def bird(text: str) -> tuple[Edit, ...]:
    """node-a's own report names a peer that is down, so that its BIRD is asked, and says this."""
    return (
        put("caliconodestatuses", "status.bgp.peersV4.0.state", "Connect", name="node-a"),
        says("birdcl", text.encode()),
    )


def with_error(error: str) -> tuple[Edit, ...]:
    return bird(BIRD.replace(LAST_ERROR, error))


def drops(count: int) -> Edit:
    names, values = (line.split() for line in NETSTAT.splitlines()[:2])
    values[names.index("TCPMD5Failure")] = str(count)
    return says("netstat", "\n".join((" ".join(names), " ".join(values))).encode())


def policy(name: str, **spec: Any) -> Edit:
    made = {"metadata": {"name": name, "namespace": "shop"}, "spec": {"podSelector": {}, **spec}}
    return add("networkpolicies.networking.k8s.io", made)


def ingress(*rules: Json, **spec: Any) -> Edit:
    return policy("p", policyTypes=["Ingress"], ingress=list(rules), **spec)


def calico(**spec: Any) -> Edit:
    held = {"order": 20, "selector": "app == 'web'", "types": ["Ingress"], **spec}
    return add("globalnetworkpolicies", {"metadata": {"name": "p"}, "spec": held})


def lend(objects: list[Json], given: int, owner: Json) -> list[Json]:
    """Give `given` addresses of the first block to an owner."""
    spec = objects[0]["spec"]
    spec["attributes"].append({"handle_id": "h", "secondary": owner})
    free = [n for n, held in enumerate(spec["allocations"]) if held is None]
    for index in free[:given]:
        spec["allocations"][index] = len(spec["attributes"]) - 1
    return objects


def lent(given: int, **owner: str) -> Edit:
    return "ipamblocks", partial(lend, given=given, owner=owner)


LOST = {"namespace": "shop", "pod": "gone", "node": "node-b", "timestamp": "2026-11-25 05:00:00.1 +0000 UTC"}
YOUNG = LOST | {"timestamp": "2026-11-25 05:40:00.1 +0000 UTC"}
NOT_READY = [{"type": "Ready", "status": "False"}]
DNS_ONLY = {"policyTypes": ["Egress"], "egress": [{"ports": [{"protocol": "TCP", "port": 443}]}]}
MESH_OFF = put("bgpconfigurations", "spec.nodeToNodeMeshEnabled", False)
PEER = {"metadata": {"name": "to-reflectors"}, "spec": {"peerSelector": "has(reflector)"}}
ROUTER = {"metadata": {"name": "tor"}, "spec": {"peerIP": "10.99.0.9", "asNumber": 64600}}
PROXY = {
    "metadata": {"name": "kube-proxy", "labels": {"k8s-app": "kube-proxy"}},
    "status": {"desiredNumberScheduled": 5},
}
STAGED = {
    "metadata": {"name": "later", "namespace": "shop", "creationTimestamp": "2026-11-01T00:00:00Z"},
    "spec": {},
}
WHOLE = tuple(f"node-{each}" for each in "abcde")


def manifest(**wrong: Any) -> Edit:
    """A policy whose manifest held more than the server kept."""
    whole = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "kept", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": [], **wrong},
    }
    path = "metadata.annotations.kubectl|kubernetes|io/last-applied-configuration"
    return put("networkpolicies.networking.k8s.io", path, json.dumps(whole), name="allow-shop")


def unhealthy(message: str) -> Edit:
    event = {
        "metadata": {"name": "e", "namespace": "calico-system"},
        "involvedObject": {"kind": "Pod", "name": "calico-node-node-c"},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": message,
    }
    return add("events", event)


SICK = put("pods", "status.conditions", NOT_READY, name="calico-node-node-c")

SPEAKS: list[tuple[str, tuple[Edit, ...], list[str]]] = [
    ("a session timed out", bird(BIRD), ["BGP_SESSION_DOWN"]),
    ("a stranger is no node", bird(BIRD.replace("10.99.0.2", "10.99.0.9")), ["BGP_PEER_UNKNOWN"]),
    ("every session of a node", bird(all_down(BIRD)), ["BGP_NODE_CUT_OFF"]),
    ("BIRD is down", bird(NO_BIRD), ["BIRD_DOWN"]),
    ("the last reflector is down", (*bird(NO_BIRD), put("nodes", REFLECTOR, "1", name="node-a")),
     ["ROUTE_REFLECTOR_DOWN"]),
    ("the node is away", (*bird(BIRD), put("nodes", "status.conditions", NOT_READY, name="node-b")),
     ["NODE_AWAY"]),
    ("passwords differ", (*with_error(""), drops(12)), ["BGP_PASSWORD_MISMATCH"]),
    ("the mesh is off", (MESH_OFF,), ["MESH_OFF_WITHOUT_REFLECTORS"]),
    ("peers select nobody", (MESH_OFF, add("bgppeers", PEER)),
     ["BGP_PEER_SELECTS_NOBODY"]),
    ("calico-node fails its probe", (SICK, unhealthy("calico/node is not ready: BIRD is not ready")),
     ["CALICO_NODE_NOT_READY"]),
    ("Felix is not ready", (SICK, unhealthy("calico/node is not ready: felix is not ready: 503")),
     ["FELIX_NOT_READY"]),
    ("a node without calico-node", (drop("pods", "calico-node-node-c"),), ["CALICO_NODE_MISSING"]),
    ("Felix against the pool", (put("ippools", "spec.vxlanMode", "Always"),
                                put("felixconfigurations", "spec.vxlanEnabled", False)), ["FELIX_CONFLICT"]),
    ("eBPF and kube-proxy", (put("felixconfigurations", "spec.bpfEnabled", True), add("daemonsets", PROXY)),
     ["FELIX_CONFLICT"]),
    ("settings of no node", (double("felixconfigurations", "default", "node.node-z"),),
     ["FELIX_CONFIGURATION_UNUSED"]),
    ("no failsafe", (put("felixconfigurations", "spec.failsafeInboundHostPorts", []),),
     ["FELIX_FAILSAFE_EMPTY"]),
    ("no pool", (put("ippools", "spec.disabled", True),), ["NO_POOL", "POOL_DISABLED_IN_USE"]),
    ("a pool is nearly full", (put("ippools", "spec.cidr", "10.65.0.0/26"), lent(56, **YOUNG)),
     ["POOL_NEARLY_FULL"]),
    ("a pool is full", (put("ippools", "spec.cidr", "10.65.0.0/26"), lent(64, **YOUNG)), ["POOL_EXHAUSTED"]),
    ("pools overlap", (double("ippools", POOL, "second", spec__cidr="10.65.0.0/24"),), ["POOLS_OVERLAP"]),
    ("an address is recorded nowhere", (put("ipamblocks", "spec.allocations", [], name="10-65-1-0-26"),),
     ["ADDRESS_UNRECORDED"]),
    ("addresses leak", (lent(3, **LOST),), ["IPAM_LEAK"]),
    ("a node is gone with its block", (put("ipamblocks", "spec.affinity", "host:node-z", name=BLOCK),),
     ["BLOCK_OF_GONE_NODE"]),
    ("egress without DNS", (policy("egress", **DNS_ONLY),), ["DNS_LOCKED_OUT"]),
    ("a field was dropped", (manifest(matchLabels={"app": "ledger"}),), ["POLICY_FIELD_DROPPED"]),
    ("a policy selects nothing", (ingress(podSelector={"matchLabels": {"app": "wbe"}}),),
     ["POLICY_SELECTS_NOTHING"]),
    ("a peer is nobody", (ingress({"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}, {}),),
     ["POLICY_PEER_MATCHES_NOTHING"]),
    ("a port has no such name", (ingress({"ports": [{"port": "nameless"}]}, {}),),
     ["POLICY_PORT_NAME_UNKNOWN"]),
    ("rules of no type", (ingress({}, egress=[{}]),), ["POLICY_RULES_UNUSED"]),
    ("a rule behind all", (calico(tier="platform", ingress=[ALLOW, {"action": "Deny", "protocol": "TCP"}]),),
     ["POLICY_RULE_UNREACHABLE"]),
    ("no such tier", (calico(tier="plattform", ingress=[ALLOW]),), ["TIER_UNKNOWN"]),
    ("an exception outside", (ingress({"from": [{"ipBlock": OUTSIDE}]}, {}),), ["POLICY_EXCEPT_OUTSIDE"]),
    ("staged for weeks", (add("stagednetworkpolicies", STAGED),), ["STAGED_LEFT_OVER"]),
    ("a mesh of many", tuple(double("nodes", "node-c", f"node-{n}") for n in range(100)),
     ["CALICO_NODE_MISSING", "MESH_TOO_LARGE"]),
]  # fmt: skip
"""What is broken, how, and all that is said."""

SILENT: list[tuple[str, tuple[Edit, ...]]] = [
    ("as it was recorded", ()),
    ("sessions are up after all", bird(BIRD.replace("Connect", "Established"))),
    ("no BGP at all", (MESH_OFF, put("ippools", "spec.vxlanMode", "Always"))),
    ("reflectors that are there", (MESH_OFF, add("bgppeers", PEER),
                                   put("nodes", "metadata.labels.reflector", "", name="node-c"))),
    ("not ready with its node", (SICK, put("nodes", "status.conditions", NOT_READY, name="node-c"))),
    ("nowhere a calico-node", (drop("pods", *(f"calico-node-{each}" for each in WHOLE)),)),
    ("Felix follows the pool", (put("ippools", "spec.vxlanMode", "Always"),
                                put("felixconfigurations", "spec.vxlanEnabled", True))),
    ("eBPF without kube-proxy", (put("felixconfigurations", "spec.bpfEnabled", True),)),
    ("settings of a node", (double("felixconfigurations", "default", "node.node-c"),)),
    ("failsafe of one port", (put("felixconfigurations", "spec.failsafeInboundHostPorts", [{"port": 22}]),)),
    ("a pool that is half full", (put("ippools", "spec.cidr", "10.65.0.0/26"), lent(30, **YOUNG))),
    ("a second pool beside", (double("ippools", POOL, "second", spec__cidr="10.66.0.0/24"),)),
    ("an address that was just given", (lent(3, **YOUNG),)),
    ("a block that no node has", (put("ipamblocks", "spec.affinity", None, name=BLOCK),)),
    ("egress with DNS", (policy("egress", policyTypes=["Egress"], egress=[
        {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}]),)),
    ("all fields kept", (manifest(),)),
    ("staged since today", (add("stagednetworkpolicies", STAGED | {"metadata": STAGED["metadata"] | {
        "creationTimestamp": "2026-11-24T00:00:00Z"}}),)),
    ("a mesh of a hundred", (put("ippools", "spec.vxlanMode", "Never"),)),
]  # fmt: skip


def facts(*edits: Edit, **options: Any) -> Facts:
    return read(altered.cluster("calico", *edits, state="healthy", **options))


def codes(found: list[Finding]) -> list[str]:
    return sorted(each.code.removeprefix("calico/") for each in found)


@pytest.mark.parametrize(("edits", "expected"), [pytest.param(e, c, id=name) for name, e, c in SPEAKS])
def test_a_check_speaks(edits: tuple[Edit, ...], expected: list[str]) -> None:
    found = check(facts(*edits))
    assert codes(found) == sorted(expected)
    for each in found:
        assert each.summary.endswith(".")
        assert each.cause
        assert each.remedy
        assert each.evidence
        assert all(one.command for one in each.evidence)
        assert each.source.startswith("https://")


@pytest.mark.parametrize("edits", [pytest.param(e, id=name) for name, e in SILENT])
def test_a_check_is_silent(edits: tuple[Edit, ...]) -> None:
    assert codes(check(facts(*edits))) == []


def test_every_check_is_in_the_table() -> None:
    """So that nobody adds one without its case: each function speaks of one of the cases at least."""
    seen = [facts(*edits) for _, edits, _ in SPEAKS]
    told = {judge.__name__ for judge in CHECKS if any(judge(each) for each in seen)}
    assert {judge.__name__ for judge in CHECKS} - told == {"report_stale"}


def test_a_report_that_is_old_is_told() -> None:
    assert codes(check(facts(later=timedelta(seconds=30)))) == []
    late = facts(says("birdcl", BIRD.replace(LAST_ERROR, "").encode()), later=timedelta(minutes=5))
    assert "NODE_STATUS_STALE" in codes(check(late))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (REFUSED, "nothing listens on its TCP port 179"),
        ("Socket: No route to host", "wrong address, host off, or no link"),
        (LAST_ERROR, "traffic on TCP port 179 between the two is dropped"),
        ("Received: Bad peer AS: 64513", "disagree about an AS number"),
        ("Received: Administrative shutdown", "Somebody disabled the session"),
        ("Something new", "BIRD says: Something new."),
        ("", "no answer and no refusal"),
    ],
)
def test_the_cause_is_in_birds_own_words(error: str, said: str) -> None:
    (found,) = check(facts(*with_error(error)))
    assert found.code == "calico/BGP_SESSION_DOWN"
    assert said in found.cause


def test_the_node_whose_as_is_wrong_is_named() -> None:
    """node-a expects AS 64513 of node-b, which speaks for 64512: both BIRDs are asked."""
    wrong = BIRD.replace("Neighbor AS:      64512", "Neighbor AS:      64513", 1)
    edits = (*bird(wrong), put("caliconodestatuses", "status.bgp.peersV4.0.state", "Connect", name="node-b"))
    (found,) = check(facts(*edits))
    assert found.code == "calico/BGP_AS_MISMATCH"


def test_the_last_reflector_is_critical_and_one_of_two_is_not() -> None:
    one = (
        MESH_OFF,
        add("bgppeers", PEER),
        put("nodes", "metadata.labels.reflector", "", name="node-a"),
        put("nodes", REFLECTOR, "1", name="node-a"),
    )
    (alone,) = check(facts(*bird(NO_BIRD), *one))
    assert (alone.code, alone.severity) == ("calico/ROUTE_REFLECTOR_DOWN", Severity.CRITICAL)
    (held,) = check(facts(*bird(NO_BIRD), *one, put("nodes", REFLECTOR, "2", name="node-b")))
    assert held.severity is Severity.ERROR


def test_a_peer_outside_is_named_by_its_object() -> None:
    edits = (*bird(BIRD.replace("10.99.0.2", "10.99.0.9").replace("Mesh_10_99_0_2", "Node_10_99_0_9")),
             add("bgppeers", ROUTER))  # fmt: skip
    (found,) = check(facts(*edits))
    assert found.code == "calico/BGP_SESSION_DOWN"
    assert "BGPPeer tor names the address 10.99.0.9" in found.cause


def test_a_daemon_that_is_down_explains_the_pod_that_is_not_ready() -> None:
    pod = put("pods", "status.conditions", NOT_READY, name="calico-node-node-a")
    assert codes(check(facts(*bird(NO_BIRD), pod))) == ["BIRD_DOWN"]


@pytest.mark.parametrize(("plural", "silent"), [
    ("ippools", "ip_pools"), ("ipamblocks", "ipam_blocks"), ("nodes", "inventory"), ("pods", "inventory"),
    ("bgppeers", "bgp_peers"), ("felixconfigurations", "felix_configurations"),
    ("caliconodestatuses", "node_statuses"), ("networkpolicies.networking.k8s.io", "inventory"),
])  # fmt: skip
def test_what_may_not_be_read_is_said_and_never_judged(plural: str, silent: str) -> None:
    found = facts(fails(plural, Forbidden(f"list {plural} is forbidden.", hint="give the right")))
    assert silent in [name for name, _ in unread(found)]
    assert codes(check(found)) == []


OF_CALICO = (
    "customresourcedefinitions",
    *(kind.plural for kind in PARTS.values()),
    "globalnetworkpolicies",
    "tiers",
)


def test_a_cluster_with_neither_calico_nor_policies_is_no_patient() -> None:
    gone = [fails(each, NotInstalled("not served")) for each in OF_CALICO]
    bare = facts(*gone, drop("networkpolicies.networking.k8s.io"), drop("pods"))
    assert SYSTEM.absent(bare) == "not installed"
    assert codes(check(bare)) == []
