"""What-if: what a changed policy does, against asking every pair before and after."""

import random
import re

import pytest

from opskit.systems.calico.reach import Difference, Objects, Reach, Traffic
from tests.unit.calico.builders import V3, Manifest, calico, labelled, made, namespace, policy, reach
from tests.unit.calico.random_clusters import cluster, names, question
from tests.unit.calico.random_policies import policies
from tests.unit.calico.slow_cluster import Question

DNS = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}


def changed(before: Reach, *manifests: Manifest) -> Difference:
    added = Objects.of_manifests(manifests)
    after = before.objects.with_changed(
        *added.network_policies, *added.calico_network_policies, *added.global_network_policies
    )
    return Reach.difference(before, Reach.of(after))


def test_default_deny_locks_out_of_dns() -> None:
    found = changed(reach(), policy("a/deny", policyTypes=["Egress"]))
    assert [(each.protocol, each.pods, each.namespaces) for each in found.dns] == [
        ("UDP", 2, ("a",)),
        ("TCP", 2, ("a",)),
    ]
    assert (
        "2 pods in a can no longer reach cluster DNS over UDP, e.g. a/web: Egress denied" in found.warnings[0]
    )


def test_allowing_dns_first_warns_of_nothing() -> None:
    assert changed(reach(), policy("a/deny", egress=[DNS])).warnings == ()


def test_only_udp_is_half_a_lock_out() -> None:
    half = {"to": DNS["to"], "ports": [{"port": 53, "protocol": "UDP"}]}
    assert [each.protocol for each in changed(reach(), policy("a/deny", egress=[half])).dns] == ["TCP"]


def test_dns_behind_another_target_port() -> None:
    dns = made(
        "discovery.k8s.io/v1", "EndpointSlice", "kube-system/d", **{"kubernetes.io__service-name": "kube-dns"}
    )
    dns |= {
        "endpoints": [{"addresses": ["10.0.2.1"]}],
        "ports": [{"name": "dns", "port": 5353, "protocol": "UDP"}],
    }
    assert [each.protocol for each in changed(reach(dns), policy("a/deny", egress=[DNS])).dns] == ["UDP"]


def test_without_dns_pods_that_is_said() -> None:
    bare = Reach.of(Objects.of_manifests([namespace("a")]))
    assert "no DNS pods were found" in Reach.difference(bare, bare).warnings[0]


def test_changes_name_pods_ports_and_reason() -> None:
    found = changed(
        reach(),
        policy(
            "b/p",
            ingress=[{"from": [{"namespaceSelector": labelled(team="red")}], "ports": [{"port": 5432}]}],
        ),
    )
    lost = {(each.traffic, each.peers): each for each in found.changes}
    whole = lost["TCP 1-5431, 5433-65535; UDP 1-65535; SCTP 1-65535; ICMP", 4]
    assert (whole.direction, whole.endpoint, whole.pods, whole.gained) == ("ingress", "b/db", 1, False)
    assert "a/web" in whole.examples
    assert "NetworkPolicy b/p selects it in tier default and no rule matches" in whole.why
    assert ("TCP 5432", 2) in lost
    assert list(found.frame().columns) == [
        "direction", "endpoint", "pods", "gained", "traffic", "peers", "examples", "why",
    ]  # fmt: skip


def test_only_the_traffic_asked_about() -> None:
    before, after = reach(), reach(policy("b/p"))
    found = Reach.difference(before, after, traffic=[Traffic.of("TCP", 80)])
    assert {each.traffic for each in found.changes} == {"TCP 80"}


def test_removing_a_policy_opens() -> None:
    before = reach(policy("b/p"))
    after = Reach.of(before.objects.without(*before.objects.network_policies))
    assert {each.gained for each in Reach.difference(before, after).changes} == {True}


def test_a_changed_set_is_seen() -> None:
    rule = {"action": "Allow", "source": {"selector": "kind == 'feed'"}}
    base = calico("c", selector="app == 'db'", ingress=[rule])
    before, after = (
        reach(base, made(V3, "GlobalNetworkSet", "f", {"nets": nets}, kind="feed"))
        for nets in (["10.0.0.1/32"], ["10.0.0.2/32"])
    )
    found = {
        each.gained: each.examples
        for each in Reach.difference(before, after).changes
        if "TCP" in each.traffic
    }
    assert found == {
        True: ("a/api", "addresses in 10.0.0.2/32"),
        False: ("a/web", "addresses in 10.0.0.1/32"),
    }


@pytest.mark.parametrize(
    ("action", "expected"), [("Set", False), ("Delete", True), ("Ignore", False), ("Learn", False)]
)
def test_staged_policies_in_what_if(action: str, expected: bool) -> None:
    spec = {"stagedAction": action, "ingress": [{"action": "Deny"}]}
    found = reach(policy("b/p"), calico("b/s"), made(V3, "StagedNetworkPolicy", "b/s", spec))
    staged = found.staged()
    assert ("s" in {each.name for each in staged.objects.calico_network_policies}) is not expected
    verdict = staged.allowed("a/web", "b/db", "TCP", 80)
    assert bool(verdict.rules) is (action == "Set")


def test_staged_kubernetes_and_global_policies() -> None:
    np = made(V3, "StagedKubernetesNetworkPolicy", "b/s", {"podSelector": {}})
    everywhere = made(
        V3, "StagedGlobalNetworkPolicy", "g", {"selector": "app == 'web'", "types": ["Ingress"]}
    )
    found = reach(np, everywhere)
    assert found.allowed("a/web", "b/db", "TCP", 80).allowed
    staged = found.staged()
    assert not staged.allowed("a/web", "b/db", "TCP", 80).allowed
    assert not staged.allowed("b/db", "a/web", "TCP", 80).allowed


def _says(found: Difference, source: str, destination: str, asked: Question, joint: dict[str, str]) -> bool:
    """Whether the changes speak of this pair and port."""
    name = {6: "TCP", 17: "UDP", 132: "SCTP", 1: "ICMP", 58: "ICMPv6"}[asked.protocol]
    ends = {joint[source], joint[destination]}
    for change in found.changes:
        if change.endpoint in ends and _has_port(change.traffic, name, asked.port, asked.version):
            return True
    return False


def _has_port(traffic: str, name: str, port: int | None, version: int) -> bool:
    for part in traffic.split("; "):
        if part.endswith(" over IPv6") != (version == 6) or part.split()[0] != name:
            continue
        ranges = re.findall(r"(\d+)(?:-(\d+))?", part.removesuffix(" over IPv6").removeprefix(name))
        if port is None or any(int(low) <= port <= int(high or low) for low, high in ranges):
            return True
    return False


def test_every_changed_pair_is_reported() -> None:
    """Random clusters with all policies replaced: a pair whose answer changes is in some change."""
    seen = 0
    for seed in range(60):
        r = random.Random(seed)
        manifests = cluster(r)
        kinds = {"Pod", "Namespace", "Node", "ServiceAccount", "EndpointSlice"}
        inventory = [each for each in manifests if each["kind"] in kinds]
        spaces = [each["metadata"]["name"] for each in inventory if each["kind"] == "Namespace"]
        before = Reach.of(Objects.of_manifests(inventory + policies(r, spaces)))
        after = Reach.of(Objects.of_manifests(inventory + policies(r, spaces)))
        found = Reach.difference(before, after)
        joint = _examples(before, after)
        for _ in range(40):
            asked = question(r, [name for name in names(manifests) if name in joint])
            if asked.protocol == 47 or (asked.protocol, asked.version) in ((1, 6), (58, 4)):
                continue
            given = (asked.source, asked.destination, asked.protocol, asked.port)
            old, new = (each.allowed(*given, version=asked.version) for each in (before, after))
            if old.allowed != new.allowed and asked.source != asked.destination:
                assert _says(found, asked.source, asked.destination, asked, joint), (seed, asked)
                seen += 1
    assert seen > 100


def _examples(before: Reach, after: Reach) -> dict[str, str]:
    """Each endpoint's stand-in in the report."""
    groups: dict[tuple[int, int], str] = {}
    old = dict(
        zip((e.name for e in before.universe.endpoints), before.universe.class_of.tolist(), strict=True)
    )
    result: dict[str, str] = {}
    for endpoint, number in zip(after.universe.endpoints, after.universe.class_of.tolist(), strict=True):
        result[endpoint.name] = groups.setdefault((old[endpoint.name], number), endpoint.name)
    return result
