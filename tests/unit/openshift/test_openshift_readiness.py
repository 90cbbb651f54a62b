"""May the update begin: one guard at a time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import Forbidden, NotInstalled
from opskit.systems.openshift.readiness import Answer, numbers, readiness
from tests.unit.altered import Edit, add, drop, fails, put
from tests.unit.openshift.openshift_objects import BUDGET, facts, operator, pool, version

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
