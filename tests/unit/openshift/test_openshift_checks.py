"""What each check says of OpenShift's objects, altered by one thing, and that it is silent otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import Forbidden, NotInstalled
from opskit.core.findings import Finding, Severity
from opskit.core.parts import unread
from opskit.systems.openshift import chain
from opskit.systems.openshift.checks import CHECKS, check
from opskit.systems.openshift.facts import Facts, read
from opskit.systems.openshift.kinds import ClusterOperator
from opskit.systems.openshift.readiness import Answer, numbers, readiness
from opskit.systems.openshift.system import SYSTEM
from tests.unit import altered
from tests.unit.altered import Edit, Json, add, double, drop, fails, put

MADE = "2026-11-25T05:50:20Z"
CONDITIONS = ("Available", "True"), ("Progressing", "False"), ("Degraded", "False"), ("Upgradeable", "True")
SOUND = [{"type": name, "status": status, "lastTransitionTime": MADE} for name, status in CONDITIONS]
NO_BUILDS = ("builds", "deploymentconfigs")


def held(
    plural: str, kind: str, status: str, *, name: str = "", message: str = "", reason: str = "R"
) -> Edit:
    """The objects' condition of that type becomes this one."""

    def alter(objects: list[Json]) -> list[Json]:
        made = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": MADE,
        }
        for each in objects:
            if name in ("", each["metadata"]["name"]):
                kept = [one for one in each["status"]["conditions"] if one["type"] != kind]
                each["status"]["conditions"] = [*kept, made]
        return objects

    return plural, alter


def operator(name: str, message: str = "", *, kind: str = "Degraded", status: str = "True") -> Edit:
    return held("clusteroperators", kind, status, name=name, message=message)


def version(kind: str, status: str, message: str = "") -> Edit:
    return held("clusterversions", kind, status, message=message)


def pool(kind: str, status: str, message: str = "") -> Edit:
    return held("machineconfigpools", kind, status, name="worker", message=message)


def build(name: str, phase: str, made: str = MADE, **status: str) -> Edit:
    labels = {"openshift.io/build-config.name": "app"}
    metadata = {"name": name, "namespace": "shop", "labels": labels, "creationTimestamp": made}
    return add("builds", {"metadata": metadata, "status": {"phase": phase, **status}})


def config(progressing: str, **spec: Any) -> Edit:
    condition = {"type": "Progressing", "status": progressing, "message": "timed out"}
    status = {"availableReplicas": 0, "conditions": [condition]}
    return add(
        "deploymentconfigs",
        {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 2, **spec}, "status": status},
    )


HEALED = (put("clusteroperators", "status.conditions", SOUND), drop("routes", "gone"))
CLAIMED = "route web already exposes www.apps.example.com and is older"
EVERY = (
    "cnpg-system",
    "etcd-operator-system",
    "intruder",
    "legacy",
    "mysql-operator",
    "olm",
    "operators",
    "postgres-operator",
    "shop",
)
LIMITED = tuple(
    add(plural, *({"metadata": {"name": "x", "namespace": name}} for name in EVERY))
    for plural in ("resourcequotas", "networkpolicies")
)
BUDGET = {
    "metadata": {"name": "db", "namespace": "shop"},
    "status": {"expectedPods": 2, "disruptionsAllowed": 0},
}
NO_ENDPOINTS = drop("endpointslices", "web-zvzl5")


def one_route(objects: list[Json]) -> list[Json]:
    return [each for each in objects if each["metadata"]["namespace"] == "storefront"]


BASE = (*HEALED, *LIMITED, ("routes", one_route))
"""The recording with its two faults healed, and with quotas and policies everywhere."""

LATER = timedelta(hours=6)
SPEAKS: list[tuple[str, tuple[Edit, ...], timedelta, list[str]]] = [
    (
        "the release fails",
        (version("Failing", "True", "Could not update deployment"),),
        timedelta(),
        ["CLUSTER_VERSION_FAILING"],
    ),
    (
        "the release is refused",
        (version("ReleaseAccepted", "False", "signature"),),
        timedelta(),
        ["CLUSTER_VERSION_FAILING"],
    ),
    (
        "an update for six hours",
        (
            put("clusterversions", "status.history.0.state", "Partial"),
            version("Progressing", "True", "Working towards 4.20.6: 40% complete"),
        ),
        LATER,
        ["UPDATE_STUCK"],
    ),
    (
        "an operator is degraded",
        (operator("storage", "no CSI driver"),),
        timedelta(),
        ["CLUSTER_OPERATOR_DEGRADED"],
    ),
    (
        "an operator is away",
        (operator("dns", "no pods", kind="Available", status="False"),),
        timedelta(),
        ["CLUSTER_OPERATOR_UNAVAILABLE"],
    ),
    (
        "an operator rolls out for hours",
        (operator("network", "1 of 3", kind="Progressing"),),
        LATER,
        ["CLUSTER_OPERATOR_PROGRESSING"],
    ),
    (
        "no next minor version",
        (operator("etcd", "backup", kind="Upgradeable", status="False"),),
        timedelta(),
        ["NOT_UPGRADEABLE"],
    ),
    (
        "nobody tells of updates",
        (version("RetrievedUpdates", "False", "no route to host"),),
        timedelta(),
        ["UPDATES_NOT_RETRIEVED"],
    ),
    (
        "a pool is degraded",
        (pool("Degraded", "True"), pool("NodeDegraded", "True", "node-b: unexpected on-disk state")),
        timedelta(),
        ["POOL_DEGRADED"],
    ),
    (
        "a pool with its operator",
        (pool("Degraded", "True", "node-b"), operator("machine-config", "pool worker")),
        timedelta(),
        ["POOL_DEGRADED"],
    ),
    (
        "a pool is paused",
        (put("machineconfigpools", "spec.paused", True, name="worker"),),
        timedelta(),
        ["POOL_PAUSED"],
    ),
    ("a pool for six hours", (pool("Updating", "True"),), LATER, ["POOL_STUCK"]),
    ("no router looks", (put("routes", "status.ingress", []),), LATER, ["ROUTE_UNSEEN"]),
    ("a route without pods", (NO_ENDPOINTS,), timedelta(), ["ROUTE_WITHOUT_ENDPOINTS"]),
    (
        "a build failed",
        (build("app-1", "Failed", reason="PushImageToRegistryFailed"),),
        timedelta(),
        ["BUILD_FAILED"],
    ),
    ("a build waits", (build("app-1", "New", reason="CannotCreateBuildPod"),), LATER, ["BUILD_WAITING"]),
    (
        "a roll-out failed",
        (config("False"),),
        timedelta(),
        ["DEPLOYMENT_CONFIG_STALLED", "DEPLOYMENT_CONFIGS_DEPRECATED"],
    ),
    ("old configs", (config("True"),), timedelta(), ["DEPLOYMENT_CONFIGS_DEPRECATED"]),
    ("a project without a quota", (drop("resourcequotas"),), timedelta(), ["PROJECT_WITHOUT_QUOTA"]),
    ("a project without a policy", (drop("networkpolicies"),), timedelta(), ["PROJECT_WITHOUT_POLICY"]),
]

SILENT: list[tuple[str, tuple[Edit, ...], timedelta]] = [
    ("as it was, healed", (), timedelta()),
    ("six hours later", (), LATER),
    (
        "an update of an hour",
        (put("clusterversions", "status.history.0.state", "Partial"), version("Progressing", "True")),
        timedelta(hours=1),
    ),
    (
        "operators roll out in an update",
        (operator("network", kind="Progressing"), version("Progressing", "True")),
        LATER,
    ),
    ("an operator that just began", (operator("network", kind="Progressing"),), timedelta(minutes=10)),
    (
        "no channel, no updates",
        (version("RetrievedUpdates", "False"), put("clusterversions", "spec.channel", "")),
        timedelta(),
    ),
    ("a pool for an hour", (pool("Updating", "True"),), timedelta(hours=1)),
    (
        "a route that was just made",
        (
            put("routes", "status.ingress", []),
            put("routes", "metadata.creationTimestamp", "2026-11-25T05:50:00Z"),
        ),
        timedelta(),
    ),
    (
        "a backend of weight 0",
        (put("routes", "spec.alternateBackends", [{"name": "nobody", "weight": 0}]),),
        timedelta(),
    ),
    (
        "a failed build that was done again",
        (build("app-1", "Failed"), build("app-2", "Complete", "2026-11-25T05:50:30Z")),
        timedelta(),
    ),
    ("a build that was just made", (build("app-1", "Pending"),), timedelta(minutes=5)),
    (
        "nothing but the platform's own",
        (
            drop("namespaces", *EVERY, "storefront"),
            drop("resourcequotas"),
            drop("networkpolicies"),
            drop("routes", "web"),
        ),
        timedelta(),
    ),
]


def facts(*edits: Edit, later: timedelta = timedelta()) -> Facts:
    return read(altered.cluster("openshift", *BASE, *edits, later=later))


def codes(found: list[Finding]) -> list[str]:
    return [each.code.removeprefix("openshift/") for each in found]


@pytest.mark.parametrize(
    ("edits", "later", "expected"), [pytest.param(*rest, id=name) for name, *rest in SPEAKS]
)
def test_a_check_speaks(edits: tuple[Edit, ...], later: timedelta, expected: list[str]) -> None:
    found = check(facts(*edits, later=later))
    assert codes(found) == expected
    for each in found:
        assert each.summary.endswith(".")
        assert each.cause
        assert each.remedy
        assert each.evidence
        assert all(one.command.startswith(("oc ", "kubectl ")) for one in each.evidence)
        assert each.source.startswith("https://docs.redhat.com/")


@pytest.mark.parametrize(("edits", "later"), [pytest.param(*rest, id=name) for name, *rest in SILENT])
def test_a_check_is_silent(edits: tuple[Edit, ...], later: timedelta) -> None:
    assert codes(check(facts(*edits, later=later))) == []


def test_every_check_is_in_the_tables() -> None:
    seen = [facts(*edits, later=later) for _, edits, later, _ in SPEAKS] + [
        read(altered.cluster("openshift"))
    ]
    told = {judge.__name__ for judge in CHECKS if any(judge(each) for each in seen)}
    assert {judge.__name__ for judge in CHECKS} == told


# --- the reason chain ---


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


# --- readiness ---

MINOR = [{"version": "4.21.0", "image": "x"}, {"version": "4.20.6", "image": "x"}]
RISKY = [
    {
        "release": {"version": "4.20.7"},
        "risks": [{"name": "SlowDisks", "message": "etcd may stall"}],
        "conditions": [{"type": "Recommended", "status": "False"}],
    }
]
GUARDS: list[tuple[str, tuple[Edit, ...], str | None, str]] = [
    ("nothing newer", (put("clusterversions", "status.availableUpdates", None),), None, "target offered"),
    ("another release", (), "4.20.9", "target offered"),
    (
        "a known risk",
        (put("clusterversions", "status.conditionalUpdates", RISKY),),
        "4.20.7",
        "no known risk",
    ),
    ("an update runs", (version("Progressing", "True", "Working towards"),), None, "no update under way"),
    ("the last one fails", (version("Failing", "True", "x"),), None, "no update under way"),
    ("an operator is ill", (operator("etcd"),), None, "operators available"),
    ("operators unreadable", (fails("clusteroperators", Forbidden("no")),), None, "operators available"),
    (
        "minor is forbidden",
        (
            put("clusterversions", "status.availableUpdates", MINOR),
            operator("etcd", kind="Upgradeable", status="False"),
        ),
        None,
        "minor version allowed",
    ),
    ("a pool is paused", (put("machineconfigpools", "spec.paused", True),), None, "pools updated, unpaused"),
    ("a pool is behind", (pool("Updated", "False"),), None, "pools updated, unpaused"),
    ("pools unreadable", (fails("machineconfigpools", Forbidden("no")),), None, "pools updated, unpaused"),
    ("a budget holds", (add("poddisruptionbudgets", BUDGET),), None, "nodes drain"),
    ("budgets unreadable", (fails("poddisruptionbudgets", Forbidden("no")),), None, "nodes drain"),
]


@pytest.mark.parametrize(("edits", "to", "guard"), [pytest.param(*rest, id=name) for name, *rest in GUARDS])
def test_one_guard_blocks_the_update_and_says_why(
    edits: tuple[Edit, ...], to: str | None, guard: str
) -> None:
    verdict = readiness(facts(*edits), to=to)
    against = [each for each in verdict.guards if each.answer in (Answer.NO, Answer.UNKNOWN)]
    assert [each.name for each in against] == [guard]
    assert not verdict.ready
    assert verdict.sentence.endswith(f"is blocked: {guard}")
    assert all(each.why and each.command for each in verdict.guards)


def test_a_sound_cluster_may_go_once_a_person_has_answered() -> None:
    verdict = readiness(facts())
    assert verdict.ready
    assert (verdict.before, verdict.to) == ("4.20.4", "4.20.6")
    assert verdict.sentence == "4.20.4 → 4.20.6 may begin, once 1 question is answered"


def test_a_patch_is_allowed_where_the_next_minor_version_is_not() -> None:
    assert readiness(facts(operator("etcd", kind="Upgradeable", status="False"))).ready


def test_the_newest_release_is_told_by_number() -> None:
    offered = [{"version": each} for each in ("4.20.9", "4.20.10", "4.20.10-rc.1")]
    assert readiness(facts(put("clusterversions", "status.availableUpdates", offered))).to == "4.20.10"


@given(st.text(max_size=12))
def test_no_version_breaks_the_order(text: str) -> None:
    assert all(each >= 0 for each in numbers(text))


@pytest.mark.parametrize("error", [Forbidden("not for you"), NotInstalled("not served")])
def test_without_a_version_nothing_is_ready(error: Any) -> None:
    verdict = readiness(facts(fails("clusterversions", error)))
    assert not verdict.ready
    assert verdict.guards[0].why.startswith(error.what)
    assert readiness(facts(drop("clusterversions"))).guards[0].why == "there is no ClusterVersion"


# --- what can't be read ---


@pytest.mark.parametrize(
    "plural",
    [
        "clusterversions",
        "clusteroperators",
        "machineconfigpools",
        "routes",
        "nodes",
        "namespaces",
        "resourcequotas",
        "networkpolicies",
        "endpointslices",
        "poddisruptionbudgets",
    ],
)
def test_what_may_not_be_read_is_said_and_never_judged(plural: str) -> None:
    found = facts(fails(plural, Forbidden(f"list {plural} is forbidden.")))
    assert len([part for _, part in unread(found) if part.error == "Forbidden"]) == 1
    assert codes(check(found)) == []


def test_a_cluster_that_is_no_openshift_is_no_patient() -> None:
    served = ("clusterversions", "clusteroperators", "machineconfigpools", "routes", *NO_BUILDS)
    bare = facts(*(fails(each, NotInstalled("not served")) for each in served))
    assert SYSTEM.absent(bare) == "not installed"


def test_microshift_has_routes_and_no_version() -> None:
    served = ("clusterversions", "clusteroperators", "machineconfigpools", *NO_BUILDS)
    micro = facts(*(fails(each, NotInstalled("not served")) for each in served), NO_ENDPOINTS)
    assert SYSTEM.absent(micro) == ""
    assert codes(check(micro)) == ["ROUTE_WITHOUT_ENDPOINTS"]


def test_severities_follow_what_is_at_stake() -> None:
    away = check(facts(operator("dns", kind="Available", status="False")))
    assert away[0].severity is Severity.CRITICAL
    assert check(facts(operator("dns", "x")))[0].severity is Severity.ERROR
