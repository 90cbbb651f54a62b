# ruff: noqa: E501 (one case a line reads better than six)
"""Oddities of policies and of their manifests."""

from typing import Any

import pytest

from opskit.systems.calico.reach import unknown_fields
from tests.unit.calico.builders import V3, Manifest, admin, calico, labelled, made, policy, reach
from tests.unit.calico.random_clusters import cluster
from tests.unit.calico.random_values import Random

DENY_ALL = {"action": "Deny", "from": [{"namespaces": {}}]}


@pytest.mark.parametrize(
    ("manifests", "code"),
    [
        ([policy("b/p", podSelector=labelled(app="none"))], "SELECTS_NOTHING"),
        ([policy("b/p", ingress=[{"from": [{"podSelector": labelled(app="none")}]}])], "PEER_MATCHES_NOTHING"),
        ([calico("b/p", egress=[{"action": "Allow", "destination": {"selector": "x == 'y'"}}])], "PEER_MATCHES_NOTHING"),
        ([policy("b/p", ingress=[{"ports": [{"port": "htpp"}]}])], "UNKNOWN_PORT_NAME"),
        ([calico("b/p", ingress=[{"action": "Deny"}, {"action": "Allow"}])], "RULE_NEVER_REACHED"),
        ([policy("b/p", egress=[{}], policyTypes=["Ingress"])], "RULES_WITHOUT_TYPE"),
        ([calico("b/p", egress=[{"action": "Allow"}], types=["Ingress"])], "RULES_WITHOUT_TYPE"),
        ([calico("b/p", tier="nowhere")], "MISSING_TIER"),
        ([admin("x", ingress=[DENY_ALL]), admin("y", ingress=[DENY_ALL])], "AMBIGUOUS_PRIORITY"),
        ([calico("p", applyOnForward=True, preDNAT=True)], "HOSTS_ONLY"),
        ([policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["192.0.2.0/24"]}}]}])], "EXCEPT_OUTSIDE_CIDR"),
        ([calico("b/p", selector="nonsense")], "UNSUPPORTED"),
        ([calico("b/p", ingress=[{"action": "Allow", "http": {"methods": ["GET"]}}])], "UNSUPPORTED"),
    ],
)  # fmt: skip
def test_an_oddity_is_found(manifests: list[Manifest], code: str) -> None:
    found = reach(*manifests).lints()
    assert code in {each.code for each in found}
    assert all(str(each.policy) in each.text for each in found)


@pytest.mark.parametrize(
    "manifest",
    [
        policy(
            "b/p",
            ingress=[{"from": [{"namespaceSelector": labelled(team="red")}], "ports": [{"port": "sql"}]}],
        ),
        policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]),
        policy("b/p", ingress=[{"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}, {}, {}]),
        calico("b/p", ingress=[{"action": "Log"}, {"action": "Allow"}], types=["Ingress", "Egress"]),
        calico("b/p", ingress=[{"action": "Allow", "source": {"nets": ["2001:db8::/32"]}}]),
    ],
)
def test_a_sound_policy_has_none(manifest: Manifest) -> None:
    assert reach(manifest).lints() == ()


@pytest.mark.parametrize(
    ("spec", "path", "hint"),
    [
        ({"podSelector": {}, "matchLabels": {"a": "b"}}, "spec.matchLabels", "it belongs inside podSelector"),
        ({"podSelector": {"matchLabel": {}}}, "spec.podSelector.matchLabel", ""),
        ({"podSelector": {}, "ingress": [{"form": []}]}, "spec.ingress[0].form", ""),
        ({"podSelector": {}, "ingress": [{"from": [{"matchLabels": {}}]}]}, "spec.ingress[0].from[0].matchLabels", "it belongs inside podSelector or namespaceSelector"),
        ({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "::/0", "excepts": []}}]}]}, "spec.egress[0].to[0].ipBlock.excepts", ""),
    ],
)  # fmt: skip
def test_strict_validation_is_foreseen(spec: dict[str, Any], path: str, hint: str) -> None:
    (found,) = unknown_fields(made("networking.k8s.io/v1", "NetworkPolicy", "b/p", spec))
    assert (found.path, found.hint) == (path, hint)
    assert path in found.text


def test_known_fields_and_other_kinds_are_left_alone() -> None:
    assert (
        unknown_fields(calico("p", preDNAT=True, ingress=[{"action": "Allow", "notICMP": {"type": 8}}])) == ()
    )
    assert unknown_fields(made("v1", "Pod", "a/p", {"anything": 1})) == ()
    assert unknown_fields(made(V3, "HostEndpoint", "h", {"expectedIPs": ["192.0.2.1"]})) == ()
    for seed in range(20):
        for each in cluster(Random(seed)):
            assert [found for found in unknown_fields(each) if "futureField" not in found.path] == []
