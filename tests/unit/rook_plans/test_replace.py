"""An OSD is replaced: never before that is safe, and never behind somebody's back."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from opskit.core.conditions import Held
from opskit.core.errors import Refused
from opskit.core.parts import Unread
from opskit.core.plan import Run, Scale
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.kinds import CleanupPolicy
from opskit.systems.rook.plans import replace_osd, take_osd_in, take_osd_out
from opskit.systems.rook.workloads import PodDisruptionBudget

from . import scenes

HEALTHY = scenes.facts()
DOWN = scenes.crashed(HEALTHY, 3)
ALL = [
    "mark-out-osd-3",
    "wait-safe-osd-3",
    "pause-operator",
    "stop-osd-3",
    "purge-osd-3",
    "remove-deployment-osd-3",
    "resume-operator",
    "wait-new-osd",
    "wait-clean",
]


def _without(step: str) -> list[str]:
    return [each for each in ALL if each != step]


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        pytest.param(HEALTHY, ALL, id="it is up and in"),
        pytest.param(DOWN, ALL, id="its daemon is dead"),
        pytest.param(scenes.osd(HEALTHY, 3, up=False, in_=False), _without("mark-out-osd-3"), id="it is out"),
        pytest.param(scenes.replicas(DOWN, "rook-ceph-osd-3", 0), _without("stop-osd-3"), id="it is stopped"),
    ],
)
def test_steps(facts: Facts, steps: list[str]) -> None:
    assert scenes.ids(replace_osd(facts, osd=3, stop=scenes.YES).steps) == steps


def test_it_purges_only_what_is_safe_down_and_not_watched_by_the_operator() -> None:
    purge = scenes.step(replace_osd(HEALTHY, osd=3, stop=scenes.YES), "purge-osd-3")
    guards = [each.name for each in purge.precondition]
    assert guards == ["rook/osd-safe-to-destroy", "rook/osd-is-down", "rook/deployment-stopped"]
    assert isinstance(purge.action, Run)
    assert "--force" not in purge.action.argv
    assert purge.confirm == "osd.3"
    assert purge.undo is None
    assert purge.no_undo


def test_the_operator_comes_back_on_the_way_forth_and_on_the_way_back() -> None:
    draft = replace_osd(HEALTHY, osd=3, stop=scenes.YES)
    pause, resume = scenes.step(draft, "pause-operator"), scenes.step(draft, "resume-operator")
    assert pause.undo
    assert pause.undo.action == resume.action == Scale(replicas=1)
    assert [each.before for each in resume.expected] == [0]


def test_what_was_purged_does_not_keep_the_operator_from_coming_back() -> None:
    draft = replace_osd(HEALTHY, osd=3, stop=scenes.YES)
    stop, out = scenes.step(draft, "stop-osd-3").undo, scenes.step(draft, "mark-out-osd-3").undo
    assert stop
    assert out
    assert [each.name for each in stop.postcondition] == ["rook/osd-runs-again"]
    assert out.postcondition[0].arguments["or_gone"]


def test_how_long_it_waits_for_the_new_disk_is_a_parameter() -> None:
    draft = replace_osd(HEALTHY, osd=3, stop=scenes.YES, new_disk=90)
    assert scenes.step(draft, "wait-new-osd").deadline_seconds == 90


def _confirmed(facts: Facts) -> Facts:
    policy = CleanupPolicy(confirmation="yes-really-destroy-data")
    return replace(
        facts, cluster=replace(facts.cluster, spec=replace(facts.cluster.spec, cleanup_policy=policy))
    )


def _elsewhere(facts: Facts) -> Facts:
    return replace(facts, osd_dump=replace(facts.osd_dump, fsid="00000000-0000-0000-0000-000000000000"))


def _budget(facts: Facts, name: str) -> Facts:
    budget = PodDisruptionBudget(metadata=replace(facts.pods[0].metadata, name=name))
    return replace(facts, budgets=[budget])


def _on_claim(facts: Facts) -> Facts:
    def claimed(each: object) -> object:
        labels = {**each.labels, "ceph.rook.io/pvc": "set1-data-0"}
        return replace(each, metadata=replace(each.metadata, labels=labels))

    return replace(facts, deployments=[claimed(each) for each in facts.deployments])


def _alone_on_host(facts: Facts) -> Facts:
    """node-b with osd.3 only."""
    nodes = [
        replace(each, children=[id_ for id_ in each.children if id_ != 2])
        for each in facts.tree.nodes
        if each.id != 2
    ]
    entries = [each for each in facts.osd_dump.osds if each.osd != 2]
    deployments = [each for each in facts.deployments if each.name != "rook-ceph-osd-2"]
    return replace(
        facts,
        tree=replace(facts.tree, nodes=nodes),
        osd_dump=replace(facts.osd_dump, osds=entries),
        deployments=deployments,
    )


REFUSALS: list[tuple[Callable[[Facts], Facts], str]] = [
    (lambda f: scenes.osd(f, 5, up=False), "osd.5 in host node-c is down: that would be two failure domains"),
    (
        lambda f: scenes.states(f, {"active+clean": 30, "active+undersized": 3}),
        "not all PGs are active.clean: 3",
    ),
    (lambda f: scenes.filled(f, 0.5), "would be 100% full .* backfill stops at 90%"),
    (_alone_on_host, "only 2 hosts can hold data and pools want 3 copies"),
    (lambda f: scenes.pools(f, size=1, min_size=1), "keeps 1 copy: its data on the OSD would be lost"),
    (lambda f: scenes.pools(f, min_size=3), "needs all of its 3 copies"),
    (lambda f: scenes.flags(f, "noout"), "the flag noout is set: other work"),
    (lambda f: scenes.flags(f, "nobackfill"), "the flag nobackfill is set"),
    (lambda f: scenes.host_flags(f, node_a=["noout"]), "noout is set on node-a: other work"),
    (lambda f: replace(f, marks={"opskit/noout/node-c": "{}"}), "the mark opskit/noout/node-c"),
    (lambda f: scenes.replicas(f, "rook-ceph-operator", 0), "the operator rook-ceph-operator is scaled to 0"),
    (lambda f: replace(f, operator=[]), "Rook's operator was not found"),
    (lambda f: replace(f, cluster=None), "holds no CephCluster"),
    (_elsewhere, "the toolbox reaches the Ceph 00000000-"),
    (_confirmed, "Rook reconciles nothing any more"),
    (lambda f: _budget(f, "rook-ceph-osd-host-node-b"), "Rook holds host node-b back"),
    (_on_claim, "osd.3 stands on the volume claim set1-data-0"),
    (
        lambda f: replace(f, rules=Unread(part="rules", error="Forbidden", reason="403")),
        "rules could not be read",
    ),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS)
def test_refused(change: Callable[[Facts], Facts], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        replace_osd(change(HEALTHY), osd=3, stop=scenes.YES)


def test_a_budget_that_holds_back_others_is_expected_while_the_osd_is_down() -> None:
    assert replace_osd(_budget(DOWN, "rook-ceph-osd-host-node-a"), osd=3, stop=scenes.YES).steps


@pytest.mark.parametrize(
    "stop", [scenes.NO, Unread(part="ceph osd ok-to-stop", error="Forbidden", reason="403")]
)
def test_ceph_has_the_last_word_on_stopping(stop: Held | Unread) -> None:
    with pytest.raises(Refused, match=r"ok-to-stop 3 (says no|could not be asked)"):
        replace_osd(HEALTHY, osd=3, stop=stop)


def test_every_reason_is_told_at_once() -> None:
    facts = scenes.flags(scenes.osd(scenes.filled(HEALTHY, 0.6), 5, up=False), "noout", "norecover")
    with pytest.raises(Refused) as refused:
        replace_osd(facts, osd=3, stop=scenes.NO)
    for said in ("osd.5", "backfill stops", "noout", "norecover", "ok-to-stop"):
        assert said in str(refused.value)


def test_the_ratio_is_the_live_one() -> None:
    facts = scenes.filled(HEALTHY, 0.35)
    replace_osd(facts, osd=3, stop=scenes.YES)
    lower = replace(facts, osd_dump=replace(facts.osd_dump, backfillfull_ratio=0.6))
    with pytest.raises(Refused, match="backfill stops at 60%"):
        replace_osd(lower, osd=3, stop=scenes.YES)


def test_out_and_in() -> None:
    out = take_osd_out(HEALTHY, osd=3, stop=scenes.YES)
    assert scenes.ids(out.steps) == ["mark-out-osd-3", "wait-clean"]
    away = scenes.osd(HEALTHY, 3, up=True, in_=False)
    assert take_osd_out(away, osd=3, stop=scenes.YES).nothing_to_do == "osd.3 is out already."
    assert scenes.ids(take_osd_in(away, osd=3).steps) == ["mark-in-osd-3", "wait-clean"]
    assert take_osd_in(HEALTHY, osd=3).nothing_to_do == "osd.3 is in already."
    with pytest.raises(Refused, match="backfill stops at 90%"):
        take_osd_out(scenes.filled(HEALTHY, 0.5), osd=3, stop=scenes.YES)
    with pytest.raises(Refused, match=r"osd\.3 is down"):
        take_osd_in(DOWN, osd=3)
