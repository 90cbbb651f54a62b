"""Whose trouble it is: the operator that the others wait for, the budget, the node, the older route."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.systems.openshift import chain
from opskit.systems.openshift.checks import check
from opskit.systems.openshift.facts import read
from opskit.systems.openshift.kinds import ClusterOperator
from tests.unit import altered
from tests.unit.altered import add, double, put
from tests.unit.openshift.openshift_objects import BUDGET, LATER, facts, operator, pool


def test_the_guilty_operator_is_named_and_the_others_follow() -> None:
    """As recorded: ingress is at fault, authentication and console only say so."""
    found = check(read(altered.cluster("openshift")))
    first = found[0]
    assert (first.code, first.subject) == ("openshift/CLUSTER_OPERATOR_DEGRADED", "ClusterOperator ingress")
    assert "authentication, console with it" in first.summary
    assert "The canary route is not admitted" in first.cause
    assert [each.text for each in first.evidence if each.text.startswith("follows: authentication")]
    assert sum(each.code == "openshift/CLUSTER_OPERATOR_DEGRADED" for each in found) == 1


@pytest.mark.parametrize(
    ("ill", "guilty"),
    [
        (
            {
                "etcd": "2 of 3 members are available",
                "kube-apiserver": "etcd is slow",
                "openshift-apiserver": "kube-apiserver is not ready",
            },
            {"etcd": ["kube-apiserver", "openshift-apiserver"]},
        ),
        (
            {"dns": "DNS default is degraded", "ingress": "lookup: no such host", "console": "route: EOF"},
            {"dns": ["ingress", "console"]},
        ),
        (
            {"storage": "no CSI driver", "monitoring": "persistentvolumeclaim is pending"},
            {"storage": ["monitoring"]},
        ),
        (
            {"storage": "no CSI driver", "monitoring": "thanos is crash looping"},
            {"storage": [], "monitoring": []},
        ),
        (
            {"network": "ovnkube-node is rolling", "machine-config": "pool worker"},
            {"network": [], "machine-config": []},
        ),
        (
            {"authentication": "the login took too long", "ingress": "no router"},
            {"authentication": [], "ingress": []},
        ),
        ({"something-new": "a reason", "etcd": "another"}, {"something-new": [], "etcd": []}),
    ],
)
def test_a_chain_ends_at_the_one_whose_trouble_is_its_own(
    ill: dict[str, str], guilty: dict[str, list[str]]
) -> None:
    found = facts(
        double("clusteroperators", "etcd", "something-new"),
        *(operator(name, message) for name, message in ill.items()),
    )
    assert chain.roots(found.operators) == guilty  # type: ignore[arg-type]


def test_one_that_is_not_available_is_guilty_without_being_named() -> None:
    found = facts(
        operator("network", "", kind="Available", status="False"), operator("dns", "pods are not ready")
    )
    assert chain.roots(found.operators) == {"network": ["dns"]}  # type: ignore[arg-type]


OPERATORS: list[ClusterOperator] = facts().operators  # type: ignore[assignment]
NAMES = sorted(each.name for each in OPERATORS)


@given(
    st.dictionaries(
        st.sampled_from(NAMES), st.sampled_from(("etcd", "route: EOF", "no such host", "volume", ""))
    ),
    st.sampled_from((("Degraded", "True"), ("Available", "False"))),
)
def test_each_operator_in_trouble_is_told_exactly_once(said: dict[str, str], how: tuple[str, str]) -> None:
    edits = [operator(name, text, kind=how[0], status=how[1]) for name, text in said.items()]
    found = chain.roots(facts(*edits).operators)  # type: ignore[arg-type]
    told = [name for root, followers in found.items() for name in (root, *followers)]
    assert sorted(told) == sorted(said)


# --- pools ---


def test_the_budget_that_lets_no_pod_go_is_why_a_pool_is_stuck() -> None:
    (found,) = check(facts(pool("Updating", "True"), add("poddisruptionbudgets", BUDGET), later=LATER))
    assert found.cause == "PodDisruptionBudgets that let no pod go: shop/db"
    assert "3 of 3 machines are done" in found.summary


def test_the_node_that_a_degraded_pool_names_is_looked_at() -> None:
    away = put("nodes", "status.conditions", [{"type": "Ready", "status": "False"}], name="node-b")
    (found,) = check(
        facts(pool("Degraded", "True"), pool("NodeDegraded", "True", "Node node-b is reporting"), away)
    )
    assert "node-b is not Ready" in [each.text for each in found.evidence]


def test_a_paused_pool_says_whether_a_configuration_waits() -> None:
    paused = put("machineconfigpools", "spec.paused", True, name="worker")
    waits = put("machineconfigpools", "spec.configuration.name", "rendered-worker-new", name="worker")
    (calm,), (behind,) = check(facts(paused)), check(facts(paused, waits))
    assert calm.summary == "The pool worker is paused."
    assert "a new configuration waits" in behind.summary


# --- routes ---


def test_a_host_that_is_taken_names_the_older_route() -> None:
    found = {each.code: each for each in check(read(altered.cluster("openshift")))}[
        "openshift/ROUTE_NOT_ADMITTED"
    ]
    assert found.cause == "The host www.apps.example.com belongs to the older route storefront/web."
    assert found.remedy is not None
    assert "another host or path" in found.remedy.text


def test_the_share_that_is_lost_is_told() -> None:
    backends = [{"kind": "Service", "name": "nobody", "weight": 25}]
    half = (put("routes", "spec.to.weight", 75), put("routes", "spec.alternateBackends", backends))
    (found,) = check(facts(*half))
    assert found.summary.startswith("25% of the requests to www.apps.example.com go to nobody")
