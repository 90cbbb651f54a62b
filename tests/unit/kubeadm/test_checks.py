from datetime import timedelta
from typing import Any

import pytest

from opskit.core.findings import Severity
from opskit.systems.kubeadm import answers
from opskit.systems.kubeadm.checks import check
from opskit.systems.kubeadm.facts import COMPONENTS
from tests.unit.kubeadm import scenes
from tests.unit.kubeadm.scenes import NOW, PLANES, facts, node, static_pod

DAY = timedelta(days=1)


def codes(**changed: Any) -> list[str]:
    return [each.code.removeprefix("kubeadm/") for each in check(facts(**changed))]


def sick(*names: str) -> list[answers.Health]:
    return [
        answers.Health(
            endpoint=f"https://{name}:2379", health=name not in names, error="context deadline exceeded"
        )
        for name in PLANES
    ]


def away(*names: str) -> dict[str, Any]:
    """What the control planes say, of which these do not answer."""
    return {name: scenes.UNREAD if name in names else scenes.machine() for name in PLANES}


def on(name: str, **changed: Any) -> dict[str, Any]:
    """What the control planes say, one of them something else."""
    return {**away(), name: scenes.machine(**changed)}


def planes(**of: dict[str, Any]) -> list[Any]:
    return [*(node(name, plane=True, **of.get(name, {})) for name in PLANES), node("w1", **of.get("w1", {}))]


def static(**of: dict[str, Any]) -> list[Any]:
    return [static_pod(c, n, **of.get(n, {})) for n in PLANES for c in COMPONENTS]


def test_a_healthy_cluster_has_no_finding() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"nodes": planes(w1={"ready": "Unknown"})}, ["NODE_NOT_READY"]),
        ({"nodes": planes(w1={"unschedulable": True})}, ["NODE_CORDONED"]),
        (
            {"nodes": planes(cp2={"ready": "Unknown"}), "health": sick("cp2"), "machines": away("cp2")},
            ["NODE_NOT_READY"],
        ),
        ({"health": sick("cp2")}, ["ETCD_MEMBER_DOWN"]),
        ({"health": sick("cp2", "cp3")}, ["ETCD_NO_QUORUM"]),
        (
            {
                "nodes": planes(cp2={"ready": "Unknown"}, cp3={"ready": "Unknown"}),
                "health": sick("cp2", "cp3"),
            },
            ["NODE_NOT_READY", "NODE_NOT_READY", "ETCD_NO_QUORUM"],
        ),
        ({"static_pods": static()[1:], "machines": {}}, ["STATIC_POD_MISSING"]),
        ({"static_pods": static(cp2={"ready": False})[:8] + static()[8:]}, ["STATIC_POD_NOT_READY"] * 4),
        ({"certificates": {"cp1": scenes.certificates(days=-1)}}, ["CERTIFICATE_EXPIRED"]),
        ({"certificates": {"cp1": scenes.certificates(days=5)}, "served": {}}, ["CERTIFICATE_EXPIRES"]),
        ({"certificates": {"cp1": scenes.certificates(days=40)}, "served": {}}, []),
        ({"served": {"cp1": NOW + 3 * DAY}}, ["CERTIFICATE_NOT_LOADED"]),
        ({"certificates": {"cp1": scenes.UNREAD}}, []),
        ({"tokens": [answers.BootstrapToken(id="abcdef", expires=None)]}, ["TOKEN_LIVES_LONG"]),
        ({"tokens": [answers.BootstrapToken(id="abcdef", expires=NOW + DAY)]}, []),
        ({"alarms": answers.Alarms(alarms=[answers.Alarm(member_id=1, alarm=1)])}, ["ETCD_NOSPACE"]),
        ({"alarms": answers.Alarms(alarms=[answers.Alarm(member_id=2, alarm=2)])}, ["ETCD_CORRUPT"]),
        ({"endpoints": [scenes.endpoint("cp1", leader=0)]}, ["ETCD_NO_LEADER"]),
        (
            {"endpoints": [scenes.endpoint("cp1", db_size=2 * 10**9, db_size_in_use=19 * 10**8)]},
            ["ETCD_NEAR_QUOTA"],
        ),
        (
            {
                "endpoints": [
                    scenes.endpoint("cp1", db_size=2 * 10**9, db_size_in_use=10**7, db_size_quota=8 * 10**9)
                ]
            },
            ["ETCD_FRAGMENTED"],
        ),
        (
            {"endpoints": [scenes.endpoint("cp1"), scenes.endpoint("cp2", version="3.6.8")]},
            ["ETCD_VERSION_SKEW"],
        ),
        (
            {"members": answers.Members(members=[scenes.member("cp1", 1), scenes.member("cp2", 2)])},
            ["ETCD_EVEN_MEMBERS"],
        ),
        (
            {
                "members": answers.Members(
                    members=[scenes.member("cp1", 1), scenes.member("cp4", 4, learner=True)]
                )
            },
            ["ETCD_MEMBER_UNFINISHED"],
        ),
        ({"static_pods": static(cp2={"version": "v1.36.3"})}, ["API_SERVER_SKEW", "KUBELET_TOO_NEW"][::-1]),
        ({"nodes": planes(w1={"version": "v1.38.0"})}, ["KUBELET_TOO_NEW"]),
        ({"nodes": planes(w1={"version": "v1.33.0"})}, ["KUBELET_TOO_OLD"]),
        ({"nodes": planes(w1={"version": "v1.36.9"})}, ["KUBELET_BEHIND"]),
        (
            {
                "budgets": [
                    scenes.budget("web", labels={"app": "web"}, allowed=0, healthy=2, wanted=2, expected=2)
                ]
            },
            ["BUDGET_BLOCKS_DRAIN"],
        ),
        (
            {
                "budgets": [
                    scenes.budget("web", labels={"app": "web"}, allowed=0, healthy=1, wanted=2, expected=2)
                ]
            },
            [],
        ),
    ],
)
def test_what_is_found(changed: dict[str, Any], found: list[str]) -> None:
    assert codes(**changed) == found


@pytest.mark.parametrize(
    ("removed", "severity"), [("1.38", Severity.WARNING), ("1.40", Severity.INFO), ("", Severity.INFO)]
)
def test_a_deprecated_api_is_urgent_before_the_upgrade_that_ends_it(removed: str, severity: Severity) -> None:
    api = answers.DeprecatedApi(group="g", version="v1beta1", resource="things", removed_release=removed)
    (found,) = check(facts(deprecated=[api], api="v1.37.2"))
    assert (found.severity, found.subject) == (severity, "things.v1beta1.g")


def test_the_quota_of_the_configuration_counts() -> None:
    size = {"endpoints": [scenes.endpoint("cp1", db_size=2 * 10**9, db_size_in_use=19 * 10**8)]}
    for arguments in (
        [{"name": "quota-backend-bytes", "value": "8589934592"}],
        {"quota-backend-bytes": "8589934592"},
    ):
        assert codes(configuration={"etcd": {"local": {"extraArgs": arguments}}}, **size) == []


def test_external_etcd_needs_no_static_pod() -> None:
    without = [each for each in static() if each.labels["component"] != "etcd"]
    assert codes(static_pods=without, configuration={"etcd": {"external": {"endpoints": []}}}) == []


def test_each_finding_says_how_to_see_it_and_what_next() -> None:
    for found in check(
        facts(health=sick("cp2"), nodes=planes(w1={"ready": "Unknown", "unschedulable": True}))
    ):
        assert found.evidence
        assert all(each.command for each in found.evidence)
        assert found.cause
        assert found.remedy
        assert found.source.startswith("https://")
