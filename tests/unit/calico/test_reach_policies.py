# ruff: noqa: E501 (one case a line reads better than six)
"""What each kind of policy means, as tables over the base cluster of `builders`."""

from typing import Any

import pytest

from tests.unit.calico.builders import (
    V3,
    Manifest,
    admin,
    calico,
    labelled,
    made,
    open_to,
    pod,
    policy,
    reach,
)

FROM_A = {"namespaceSelector": labelled(team="red")}
API = {"podSelector": labelled(app="api")}
ALLOW_ALL = {"action": "Allow"}


def accept(**rule: Any) -> Manifest:
    return {"action": "Accept", **rule}


SETS = (
    made(V3, "GlobalNetworkSet", "feed", {"nets": ["203.0.113.0/24", "10.0.0.2/32"]}, kind="feed"),
    made(V3, "NetworkSet", "b/partners", {"nets": ["198.51.100.0/24"]}, kind="partner"),
)
SLICE = {
    **made("discovery.k8s.io/v1", "EndpointSlice", "b/sql-1", **{"kubernetes.io__service-name": "sql"}),
    "endpoints": [{"addresses": ["10.0.1.1"]}],
    "ports": [{"port": 5432, "protocol": "TCP"}],
}
TIER = made(V3, "Tier", "early", {"order": 10})
PASSING = made(V3, "Tier", "early", {"order": 10, "defaultAction": "Pass"})

CASES: list[tuple[str, list[Manifest], tuple[Any, ...], bool]] = [
    # Kubernetes NetworkPolicy
    ("no policy", [], ("a/web", "b/db"), True),
    ("selected and no rule", [policy("b/p")], ("a/web", "b/db"), False),
    ("egress is not isolated by default", [policy("b/p")], ("b/db", "a/web"), True),
    ("egress rules imply Egress", [policy("a/p", egress=[{"ports": [{"port": 1}]}])], ("a/web", "b/db"), False),
    ("an empty egress list does not", [policy("a/p", egress=[])], ("a/web", "b/db"), True),
    ("types win over rules", [policy("a/p", egress=[{}], policyTypes=["Ingress"])], ("a/web", "b/db"), True),
    ("another namespace's policy", [policy("a/p")], ("a/web", "b/db"), True),
    ("not selected", [policy("b/p", podSelector=labelled(app="x"))], ("a/web", "b/db"), True),
    ("an empty rule allows all", [policy("b/p", ingress=[{}])], ("203.0.113.9", "b/db"), True),
    ("both in one peer", [policy("b/p", ingress=[{"from": [{**FROM_A, **API}]}])], ("a/web", "b/db"), False),
    ("two peers", [policy("b/p", ingress=[{"from": [FROM_A, API]}])], ("a/web", "b/db"), True),
    ("podSelector is local", [policy("b/p", ingress=[{"from": [API]}])], ("a/api", "b/db"), False),
    ("all namespaces", [policy("b/p", ingress=[{"from": [{"namespaceSelector": {}}]}])], ("a/web", "b/db"), True),
    ("but pods only", [policy("b/p", ingress=[{"from": [{"namespaceSelector": {}}]}])], ("192.0.2.1", "b/db"), False),
    ("nor hosts", [policy("b/p", ingress=[{"from": [{"namespaceSelector": {}}]}])], ("kube-system/proxy", "b/db"), False),
    ("by namespace name", [policy("b/p", ingress=[{"from": [{"namespaceSelector": labelled(**{"kubernetes.io/metadata.name": "a"})}]}])], ("a/web", "b/db"), True),
    ("ipBlock", [policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/30"}}]}])], ("a/web", "b/db"), True),
    ("except", [policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/31"]}}]}])], ("a/web", "b/db"), False),
    ("beside except", [policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/31"]}}]}])], ("a/api", "b/db"), True),
    ("host by ipBlock", [policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "172.16.0.1/32"}}]}])], ("kube-system/proxy", "b/db"), True),
    ("a port is TCP", [policy("b/p", ingress=[{"ports": [{"port": 80}]}])], ("a/web", "b/db", "UDP", 80), False),
    ("SCTP", [policy("b/p", ingress=[{"ports": [{"port": 80, "protocol": "SCTP"}]}])], ("a/web", "b/db", "SCTP", 80), True),
    ("no port is all of TCP", [policy("b/p", ingress=[{"ports": [{}]}])], ("a/web", "b/db", "TCP", 9), True),
    ("and not UDP", [policy("b/p", ingress=[{"ports": [{}]}])], ("a/web", "b/db", "UDP", 9), False),
    ("endPort holds", [policy("b/p", ingress=[{"ports": [{"port": 80, "endPort": 90}]}])], ("a/web", "b/db", "TCP", 90), True),
    ("past endPort", [policy("b/p", ingress=[{"ports": [{"port": 80, "endPort": 90}]}])], ("a/web", "b/db", "TCP", 91), False),
    ("named port", [policy("b/p", ingress=[{"ports": [{"port": "sql"}]}])], ("a/web", "b/db", "TCP", 5432), True),
    ("named port, protocol", [policy("b/p", ingress=[{"ports": [{"port": "gossip"}]}])], ("a/web", "b/db", "TCP", 5432), False),
    ("named port in egress is the destination's", [policy("a/p", egress=[{"ports": [{"port": "sql"}]}])], ("a/web", "b/db", "TCP", 5432), True),
    ("ICMP needs a rule without ports", [policy("b/p", ingress=[{"ports": [{}]}])], ("a/web", "b/db", "ICMP", None), False),
    ("both sides must allow", [policy("b/p", ingress=[{}]), policy("a/q", policyTypes=["Egress"])], ("a/web", "b/db"), False),
    ("policies add up", [policy("b/p"), policy("b/q", ingress=[{}])], ("a/web", "b/db"), True),
    # cluster-wide policies
    ("Admin Deny", [admin("d", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}]), policy("b/p", ingress=[{}])], ("a/web", "b/db"), False),
    ("Admin Accept", [admin("d", ingress=[accept(**{"from": [{"namespaces": {}}]})]), policy("b/p")], ("a/web", "b/db"), True),
    ("lower priority first", [admin("d", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}], priority=2), admin("e", ingress=[accept(**{"from": [{"namespaces": {}}]})], priority=1)], ("a/web", "b/db"), True),
    ("Pass skips the rest of the tier", [admin("d", ingress=[{"action": "Pass", "from": [{"namespaces": {}}]}], priority=1), admin("e", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}], priority=2)], ("a/web", "b/db"), True),
    ("Baseline Deny", [admin("d", tier="Baseline", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}])], ("a/web", "b/db"), False),
    ("a NetworkPolicy hides Baseline", [admin("d", tier="Baseline", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}]), policy("b/p", ingress=[{}])], ("a/web", "b/db"), True),
    ("no match means nothing", [admin("d", ingress=[{"action": "Deny", "from": [{"namespaces": labelled(team="none")}]}])], ("a/web", "b/db"), True),
    ("nodes", [admin("d", egress=[{"action": "Deny", "to": [{"nodes": labelled(zone="y")}]}])], ("a/web", "node:n2"), False),
    ("other nodes", [admin("d", egress=[{"action": "Deny", "to": [{"nodes": labelled(zone="x")}]}])], ("a/web", "node:n2"), True),
    ("networks", [admin("d", egress=[{"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}])], ("a/web", "b/db"), False),
    ("protocol", [admin("d", egress=[{"action": "Deny", "to": [{"namespaces": {}}], "protocols": [{"udp": {}}]}])], ("a/web", "b/db", "UDP", 7), False),
    ("another protocol", [admin("d", egress=[{"action": "Deny", "to": [{"namespaces": {}}], "protocols": [{"udp": {}}]}])], ("a/web", "b/db", "TCP", 7), True),
    ("unknown peer in Deny fails closed", [admin("d", ingress=[{"action": "Deny", "from": [{"galaxy": {}}]}])], ("a/web", "b/db"), False),
    ("unknown peer in Accept fails closed", [admin("d", ingress=[accept(**{"from": [{"galaxy": {}}]})]), policy("b/p")], ("a/web", "b/db"), False),
    ("host-networked pods are no subjects", [admin("d", egress=[{"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}])], ("kube-system/proxy", "b/db"), True),
    # Calico
    ("Calico isolates", [calico("b/c", selector="app == 'db'")], ("a/web", "b/db"), False),
    ("egress only by default", [calico("b/c", egress=[ALLOW_ALL])], ("a/web", "b/db"), True),
    ("order", [calico("b/c", order=2, ingress=[{"action": "Deny"}]), calico("b/d", order=1, ingress=[ALLOW_ALL])], ("a/web", "b/db"), True),
    ("no order goes last", [calico("b/c", ingress=[{"action": "Deny"}]), calico("b/d", order=9999, ingress=[ALLOW_ALL])], ("a/web", "b/db"), True),
    ("equal orders by name", [calico("b/z", order=1, ingress=[ALLOW_ALL]), calico("b/y", order=1, ingress=[{"action": "Deny"}])], ("a/web", "b/db"), False),
    ("global ones too", [calico("z", selector="app == 'db'", order=1, ingress=[ALLOW_ALL]), calico("b/y", order=1, ingress=[{"action": "Deny"}])], ("a/web", "b/db"), False),
    ("before order 1000", [calico("b/c", order=999, ingress=[{"action": "Deny"}]), policy("b/p", ingress=[{}])], ("a/web", "b/db"), False),
    ("after order 1000", [calico("b/c", order=1001, ingress=[{"action": "Deny"}]), policy("b/p", ingress=[{}])], ("a/web", "b/db"), True),
    ("Log goes on", [calico("b/c", ingress=[{"action": "Log"}, ALLOW_ALL])], ("a/web", "b/db"), True),
    ("a tier's end denies", [TIER, calico("c", tier="early", ingress=[]), calico("b/d", ingress=[ALLOW_ALL])], ("a/web", "b/db"), False),
    ("or passes", [PASSING, calico("c", tier="early", ingress=[]), calico("b/d", ingress=[ALLOW_ALL])], ("a/web", "b/db"), True),
    ("Pass to the next tier", [TIER, calico("c", tier="early", ingress=[{"action": "Pass"}]), calico("b/d", ingress=[{"action": "Deny"}])], ("a/web", "b/db"), False),
    ("Pass out of the last tier", [calico("b/d", ingress=[{"action": "Pass"}])], ("a/web", "b/db"), True),
    ("a tier has a say only in whom it selects", [TIER, calico("c", tier="early", selector="app == 'web'")], ("a/web", "b/db"), True),
    ("Calico's early tier before Admin", [TIER, calico("c", tier="early", ingress=[ALLOW_ALL]), admin("d", ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}])], ("a/web", "b/db"), True),
    ("a namespaced selector stays at home", [calico("b/c", ingress=[{"action": "Allow", "source": {"selector": "app == 'web'"}}])], ("a/web", "b/db"), False),
    ("a global one does not", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"selector": "app == 'web'"}}])], ("a/web", "b/db"), True),
    ("namespaceSelector", [calico("b/c", ingress=[{"action": "Allow", "source": {"namespaceSelector": "team == 'red'"}}])], ("a/web", "b/db"), True),
    ("service account", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"serviceAccounts": {"names": ["robot"]}}}])], ("a/api", "b/db"), True),
    ("another account", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"serviceAccounts": {"names": ["robot"]}}}])], ("a/web", "b/db"), False),
    ("notSelector lets strangers in", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"notSelector": "app == 'web'"}}])], ("203.0.113.1", "b/db"), True),
    ("and keeps its own out", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"notSelector": "app == 'web'"}}])], ("a/web", "b/db"), False),
    ("a negated selector does not", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"selector": "app != 'web'"}}])], ("203.0.113.1", "b/db"), False),
    ("a network set's outsiders", [*SETS, calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"selector": "kind == 'feed'"}}])], ("203.0.113.1", "b/db"), True),
    ("a network set's pods", [*SETS, calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"selector": "kind == 'feed'"}}])], ("a/api", "b/db"), True),
    ("global()", [*SETS, calico("b/c", ingress=[{"action": "Allow", "source": {"namespaceSelector": "global()", "selector": "kind == 'feed'"}}])], ("203.0.113.1", "b/db"), True),
    ("a namespace's own set", [*SETS, calico("b/c", ingress=[{"action": "Allow", "source": {"selector": "kind == 'partner'"}}])], ("198.51.100.7", "b/db"), True),
    ("not another namespace's", [*SETS, calico("a/c", ingress=[{"action": "Allow", "source": {"selector": "kind == 'partner'"}}])], ("198.51.100.7", "a/web"), False),
    ("nets", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"nets": ["10.0.0.1/32"]}}])], ("a/web", "b/db"), True),
    ("notNets", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"notNets": ["10.0.0.1/32"]}}])], ("a/web", "b/db"), False),
    ("nets of the other IP version", [calico("c", selector="app == 'db'", ingress=[{"action": "Allow", "source": {"notNets": ["2001:db8::/32"]}}])], ("a/web", "b/db"), False),
    ("port range", [calico("b/c", ingress=[{"action": "Allow", "protocol": "TCP", "destination": {"ports": ["79:81"]}}])], ("a/web", "b/db"), True),
    ("named or number", [calico("b/c", ingress=[{"action": "Allow", "protocol": "TCP", "destination": {"ports": [1, "sql"]}}])], ("a/web", "b/db", "TCP", 5432), True),
    ("notPorts", [calico("b/c", ingress=[{"action": "Allow", "protocol": "TCP", "destination": {"notPorts": [80]}}])], ("a/web", "b/db"), False),
    ("notPorts by name", [calico("b/c", ingress=[{"action": "Allow", "protocol": "TCP", "destination": {"notPorts": ["sql"]}}])], ("a/web", "b/db", "TCP", 5432), False),
    ("notProtocol", [calico("b/c", ingress=[{"action": "Allow", "notProtocol": "TCP"}])], ("a/web", "b/db"), False),
    ("protocol by number", [calico("b/c", ingress=[{"action": "Allow", "protocol": 132}])], ("a/web", "b/db", "SCTP", 9), True),
    ("a service's port", [SLICE, calico("a/c", egress=[{"action": "Allow", "destination": {"services": {"name": "sql", "namespace": "b"}}}])], ("a/web", "b/db", "TCP", 5432), True),
    ("not its other ports", [SLICE, calico("a/c", egress=[{"action": "Allow", "destination": {"services": {"name": "sql", "namespace": "b"}}}])], ("a/web", "b/db", "TCP", 80), False),
    ("from a service", [SLICE, calico("a/c", ingress=[{"action": "Allow", "source": {"services": {"name": "sql", "namespace": "b"}}}])], ("b/db", "a/web", "TCP", 80), True),
    ("own side in a rule", [calico("c", ingress=[{"action": "Allow", "destination": {"selector": "app == 'web'"}}])], ("a/web", "b/db"), False),
    ("doNotTrack is for hosts", [calico("c", applyOnForward=True, doNotTrack=True, ingress=[{"action": "Deny"}])], ("a/web", "b/db"), True),
    ("staged has no say", [made(V3, "StagedNetworkPolicy", "b/s", {"ingress": [{"action": "Deny"}]})], ("a/web", "b/db"), True),
    ("IPv6 only rule", [calico("b/c", ingress=[{"action": "Allow", "ipVersion": 6}])], ("a/web", "b/db"), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("manifests", "asked", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_who_may_talk(manifests: list[Manifest], asked: tuple[Any, ...], expected: bool) -> None:
    assert open_to(reach(*manifests), *asked) is expected


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        ({"icmp": {"type": 8}}, {"icmp_type": 8}, True),
        ({"icmp": {"type": 8}}, {"icmp_type": 0}, False),
        ({"icmp": {"type": 8, "code": 1}}, {"icmp_type": 8, "icmp_code": 0}, False),
        ({"notICMP": {"type": 8}}, {"icmp_type": 8}, False),
        ({"notICMP": {"type": 8}}, {"icmp_type": 0}, True),
    ],
)
def test_icmp_types(rule: Manifest, given: dict[str, int], expected: bool) -> None:
    found = reach(calico("b/c", ingress=[{"action": "Allow", "protocol": "ICMP", **rule}]))
    assert open_to(found, "a/web", "b/db", "ICMP", None, **given) is expected


def test_source_ports() -> None:
    rule = {"action": "Allow", "protocol": "TCP", "source": {"ports": [123]}}
    found = reach(calico("b/c", ingress=[rule]))
    assert open_to(found, "a/web", "b/db", source_port=123)
    assert not open_to(found, "a/web", "b/db", source_port=124)


def test_a_service_is_matched_by_the_addresses_that_it_has() -> None:
    """Its endpoint is an IPv4 address, so the same pod's IPv6 traffic is not the service's."""
    six = pod("b/six", "10.0.1.9", "2001:db8::9")
    served = {**SLICE, "endpoints": [{"addresses": ["10.0.1.9"]}]}
    rule = {"action": "Allow", "source": {"services": {"name": "sql", "namespace": "b"}}}
    found = reach(six, served, calico("c", selector="k8s-app == 'kube-dns'", ingress=[rule]))
    assert open_to(found, "b/six", "kube-system/dns", version=4)
    assert not open_to(found, "b/six", "kube-system/dns", version=6)


def test_dual_stack_is_judged_by_version() -> None:
    block = {"from": [{"ipBlock": {"cidr": "2001:db8::/64"}}]}
    six = pod("b/six", "10.0.1.9", "2001:db8::9")
    found = reach(six, policy("b/p", ingress=[block]))
    assert open_to(found, "kube-system/dns", "b/six", version=6)
    assert not open_to(found, "kube-system/dns", "b/six", version=4)
