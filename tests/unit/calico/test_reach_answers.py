# ruff: noqa: E501 (one case a line reads better than six)
"""What is said with an answer: deciding rules, reasons, exceptions, and what can't be judged."""

from typing import Any

import pytest

from opskit.core.errors import BadValue, UnknownName
from opskit.systems.calico.reach import LIMITS, Objects, Span
from opskit.systems.calico.reach.rules import PolicyRef
from tests.unit.calico.builders import (
    V3,
    Manifest,
    admin,
    calico,
    made,
    namespace,
    node,
    open_to,
    pod,
    policy,
    reach,
)


def test_the_deciding_rules_are_named() -> None:
    found = reach(
        policy("b/p", ingress=[{"ports": [{"port": 1}]}, {"ports": [{"port": 80}]}]),
        policy("a/q", egress=[{}]),
    )
    verdict = found.allowed("a/web", "b/db", "TCP", 80)
    assert [str(rule) for rule in verdict.rules] == [
        "NetworkPolicy a/q spec.egress[0]",
        "NetworkPolicy b/p spec.ingress[1]",
    ]
    assert verdict.text == (
        "a/web to b/db TCP/80: allowed. Egress allowed: NetworkPolicy a/q spec.egress[0] in tier default. "
        "Ingress allowed: NetworkPolicy b/p spec.ingress[1] in tier default."
    )


def test_a_denial_names_who_isolates() -> None:
    verdict = reach(policy("b/p"), policy("b/q")).allowed("a/web", "b/db", "TCP", 80)
    assert not verdict.allowed
    assert verdict.rules == ()
    assert verdict.ingress.tier == "default"
    assert verdict.ingress.isolated
    assert (
        "NetworkPolicy b/p, NetworkPolicy b/q select it in tier default and no rule matches" in verdict.text
    )


def test_why_lists_every_policy_that_was_asked() -> None:
    tier = made(V3, "Tier", "early", {"order": 1})
    found = reach(tier, calico("c", tier="early", ingress=[{"action": "Pass"}]), policy("b/p"))
    frame = found.why("a/web", "b/db", "TCP", 80)
    assert list(frame.columns) == ["direction", "tier", "policy", "rule", "outcome", "text"]
    assert frame[["policy", "rule", "outcome"]].to_numpy().tolist() == [
        ["", "", "allowed"],
        ["GlobalNetworkPolicy c", "spec.ingress[0]", "Pass"],
        ["NetworkPolicy b/p", "", "no rule matched"],
        ["", "", "denied"],
    ]


def test_failing_closed_is_said() -> None:
    found = reach(admin("d", ingress=[{"action": "Deny", "from": [{"galaxy": {}}]}]))
    assert "fails closed" in found.allowed("a/web", "b/db", "TCP", 80).text


def test_a_pod_reaches_itself_and_its_node_reaches_it() -> None:
    found = reach(policy("a/p", policyTypes=["Ingress", "Egress"]))
    assert open_to(found, "a/web", "a/web")
    assert open_to(found, "node:n1", "a/web")
    assert open_to(found, "kube-system/proxy", "a/web")
    assert not open_to(found, "node:n2", "a/web")


HEP = made(V3, "HostEndpoint", "n2-eth0", {"node": "n2", "interfaceName": "*", "expectedIPs": ["172.16.0.2"]})
TUNNEL = {**node("n2", "172.16.0.2")}
TUNNEL["metadata"] = {
    **TUNNEL["metadata"],
    "annotations": {"projectcalico.org/IPv4VXLANTunnelAddr": "10.9.0.1"},
}
HTTP = calico("b/h", ingress=[{"action": "Allow", "http": {"methods": ["GET"]}}])
SOURCE = calico(
    "b/s", ingress=[{"action": "Deny", "protocol": "TCP", "source": {"ports": [1]}}, {"action": "Allow"}]
)
DOMAIN = admin("d", egress=[{"action": "Accept", "to": [{"domainNames": ["example.org"]}]}])


@pytest.mark.parametrize(
    ("manifests", "asked", "said"),
    [
        ([HTTP], ("a/web", "b/db", "TCP", 80), "unsupported: NetworkPolicy.projectcalico.org b/h spec.ingress[0]: http"),
        ([SOURCE], ("a/web", "b/db", "TCP", 80), "it matches by source port: ask with one"),
        ([DOMAIN], ("a/web", "192.0.2.1", "TCP", 80), "domainNames are resolved by the data plane"),
        ([calico("b/x", selector="app ==")], ("a/web", "b/db", "TCP", 80), "is not a Calico selector"),
        ([calico("b/x", ingress=[{"action": "Allow", "source": {"nets": ["10.0.0.300/8"]}}])], ("a/web", "b/db", "TCP", 80), "is no IP address"),
        ([calico("b/x", ingress=[{"action": "Allow", "protocol": "ICMP", "icmp": {"type": 8}}])], ("a/web", "b/db", "ICMP", None), "ask with them"),
        ([HEP], ("a/web", "node:n2", "TCP", 80), "a HostEndpoint of node n2 filters"),
        ([pod("a/new")], ("a/new", "b/db", "TCP", 80), "a/new has no address yet"),
        ([pod("z/stray", "10.0.9.9")], ("z/stray", "b/db", "TCP", 80), "the labels of namespace z are not known"),
        ([], ("a/web", "node:n1", "TCP", 80), "defaultEndpointToHostAction"),
        ([TUNNEL, policy("a/p")], ("node:n2", "a/web", "TCP", 80), "may carry its tunnel's address"),
    ],
)  # fmt: skip
def test_what_can_not_be_judged_is_said(manifests: list[Manifest], asked: tuple[Any, ...], said: str) -> None:
    verdict = reach(*manifests).allowed(*asked)
    assert any(said in each for each in verdict.unsupported), verdict.unsupported
    assert all(each.startswith("unsupported: ") for each in verdict.unsupported)


def test_a_host_endpoint_that_allows_all_is_no_limit() -> None:
    spec = {"node": "n2", "expectedIPs": ["172.16.0.2"], "profiles": ["projectcalico-default-allow"]}
    assert open_to(reach(made(V3, "HostEndpoint", "auto", spec)), "a/web", "node:n2")


def test_an_unjudged_rule_that_can_not_match_is_not_mentioned() -> None:
    assert open_to(reach(SOURCE), "a/web", "b/db", "UDP", 80)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (("a/wbe", "b/db", "TCP", 80), UnknownName, "a/web"),
        (("a/done", "b/db", "TCP", 80), BadValue, "has ended"),
        (("web", "b/db", "TCP", 80), BadValue, "namespace/pod"),
        (("a/web", "10.96.0.10", "TCP", 80), BadValue, "kube-system/kube-dns"),
        (("a/web", "b/db", "TCP", None), BadValue, "needs a destination port"),
        (("a/web", "b/db", "TCP", 65536), BadValue, "65536"),
        (("a/web", "b/db", "ICMP", 80), BadValue, "has no ports"),
        (("a/web", "b/db", "QUIC", 80), BadValue, "QUIC"),
    ],
)
def test_impossible_questions_are_refused(asked: tuple[Any, ...], error: type[Exception], said: str) -> None:
    service = made("v1", "Service", "kube-system/kube-dns", {"clusterIP": "10.96.0.10"})
    with pytest.raises(error, match=said):
        reach(service, pod("a/done", "10.0.0.7", phase="Succeeded")).allowed(*asked)


def test_addresses_are_recognised() -> None:
    found = reach(policy("b/p", ingress=[{"from": [{"namespaceSelector": {}}]}]))
    assert found.allowed("10.0.0.1", "b/db", "TCP", 80).source == "a/web"
    assert found.allowed("172.16.0.1", "b/db", "TCP", 80).source == "node:n1"
    assert open_to(found, "10.0.0.1", "b/db")


def test_no_common_ip_version() -> None:
    verdict = reach().allowed("a/web", "2001:db8::1", "TCP", 80)
    assert not verdict.allowed
    assert "no IPv4 address on both sides" in verdict.text


def test_ports_cover_everything_once() -> None:
    rules = [{"ports": [{"port": 80, "endPort": 90}, {"port": "sql"}]}]
    spans = reach(policy("b/p", ingress=rules)).ports("a/web", "b/db", "TCP")
    assert [(span.low, span.high, span.allowed) for span in spans] == [
        (1, 79, False), (80, 90, True), (91, 5431, False), (5432, 5432, True), (5433, 65535, False),
    ]  # fmt: skip
    assert isinstance(spans[1], Span)
    assert spans[1].rules[0].policy == PolicyRef(
        kind="NetworkPolicy", name="p", namespace="b", group="networking.k8s.io"
    )


def test_a_list_is_opened_and_other_kinds_are_left_out() -> None:
    items = [{"metadata": {"name": "x"}}, namespace("y")]
    found = Objects.of_manifests(
        [
            {"apiVersion": "v1", "kind": "NamespaceList", "items": items},
            {"apiVersion": "v1", "kind": "Secret"},
        ]
    )
    assert [each.name for each in found.namespaces] == ["x", "y"]


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(BadValue, match=r"NetworkPolicy 'p' .*ingress"):
        Objects.of_manifests([policy("b/p", ingress={"from": []})])


def test_limits_are_sentences() -> None:
    assert all(each.endswith(".") for each in LIMITS)
