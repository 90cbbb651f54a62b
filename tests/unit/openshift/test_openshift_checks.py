"""What each check says of OpenShift's objects, altered by one thing, and that it is silent otherwise."""

from datetime import timedelta

import pytest

from opskit.core.errors import Forbidden, NotInstalled
from opskit.core.findings import Severity
from opskit.core.parts import unread
from opskit.systems.openshift.checks import CHECKS, check
from opskit.systems.openshift.facts import read
from opskit.systems.openshift.system import SYSTEM
from tests.unit import altered
from tests.unit.altered import Edit, drop, fails, put
from tests.unit.openshift.openshift_objects import (
    EVERY,
    LATER,
    MADE,
    NO_BUILDS,
    NO_ENDPOINTS,
    build,
    codes,
    config,
    facts,
    operator,
    pool,
    version,
)

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
            put("routes", "metadata.creationTimestamp", MADE),
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
        (build("app-1", "Failed"), build("app-2", "Complete", altered.ago("openshift", seconds=5))),
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
