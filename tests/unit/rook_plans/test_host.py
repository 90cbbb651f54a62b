"""A host goes into maintenance and comes back."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from opskit.core.errors import BadValue, Refused
from opskit.core.parts import Unread
from opskit.core.plan import Evict, Run
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.kinds import DisruptionManagement
from opskit.systems.rook.plans import host_maintenance
from opskit.systems.rook.plans.host import next_time

from . import scenes


def _patient(facts: Facts) -> Facts:
    """Rook keeps noout for a day."""
    management = DisruptionManagement(osd_maintenance_timeout=1440)
    spec = replace(facts.cluster.spec, disruption_management=management)
    return replace(facts, cluster=replace(facts.cluster, spec=spec))


HEALTHY = replace(_patient(scenes.facts()), now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
PODS = list(HEALTHY.pods)


def _enter(facts: Facts, *, host: str = "node-b", until: str | None = "18:00", pods: object = PODS):
    return host_maintenance(facts, host=host, direction="enter", until=until, stop=scenes.YES, pods=pods)


def _leave(facts: Facts, *, host: str = "node-b"):
    return host_maintenance(facts, host=host, direction="leave", until=None, stop=scenes.YES, pods=PODS)


def _away(facts: Facts) -> Facts:
    """node-b in maintenance."""
    down = scenes.osd(scenes.osd(facts, 2, up=False), 3, up=False)
    marked = replace(down, marks={"opskit/noout/node-b": '{"until": "2026-11-23T18:00:00Z"}'})
    return scenes.host_flags(scenes.node(marked, "node-b", cordoned=True), node_b=["noout"])


def test_it_is_marked_and_closed_before_anything_is_evicted() -> None:
    draft = _enter(HEALTHY)
    ids = scenes.ids(draft.steps)
    assert ids[:3] == ["cordon-node-b", "mark-noout-node-b", "set-noout-node-b"]
    assert all(id_.startswith("evict-rook-ceph-") for id_ in ids[3:])
    here = {pod.metadata.uid for pod in PODS if pod.spec.node_name == "node-b"}
    assert {step.target.uid for step in draft.steps if isinstance(step.action, Evict)} == here


def test_noout_ends_and_is_for_this_host_only() -> None:
    draft = _enter(HEALTHY)
    mark, noout = (
        scenes.step(draft, "mark-noout-node-b").action,
        scenes.step(draft, "set-noout-node-b").action,
    )
    assert isinstance(mark, Run)
    assert isinstance(noout, Run)
    assert mark.argv[-1] == '{"until":"2026-11-23T18:00:00Z","by":"opskit rook/host-maintenance"}'
    assert noout.argv[2:] == ("osd", "set-group", "noout", "node-b")


def test_the_same_end_at_every_planning() -> None:
    later = replace(HEALTHY, now=datetime(2026, 11, 23, 17, 59, tzinfo=UTC))
    assert _enter(HEALTHY).steps == _enter(later).steps


@pytest.mark.parametrize(
    ("now", "clock", "then"),
    [
        ("2026-11-23T12:00", "18:00", "2026-11-23T18:00"),
        ("2026-11-23T19:00", "18:00", "2026-11-24T18:00"),
        ("2026-11-23T18:00", "18:00", "2026-11-24T18:00"),
        ("2026-12-31T23:59", "00:00", "2027-01-01T00:00"),
    ],
)
def test_next_time(now: str, clock: str, then: str) -> None:
    assert next_time(datetime.fromisoformat(now + ":00Z"), clock) == datetime.fromisoformat(then + ":00Z")


@pytest.mark.parametrize(("direction", "until"), [("enter", None), ("enter", "25:00"), ("sideways", "18:00")])
def test_bad_values(direction: str, until: str | None) -> None:
    with pytest.raises(BadValue):
        host_maintenance(HEALTHY, host="node-b", direction=direction, until=until, stop=scenes.YES, pods=PODS)


def _bare(facts: Facts) -> Facts:
    pod = next(pod for pod in facts.pods if pod.spec.node_name == "node-b")
    return replace(pod, metadata=replace(pod.metadata, name="bare", owner_references=None))


def _one_mon(facts: Facts) -> Facts:
    status = replace(facts.status, quorum_names=["b"], monmap=replace(facts.status.monmap, num_mons=1))
    return replace(facts, status=status)


REFUSALS: list[tuple[Callable[[Facts], Facts], str]] = [
    (lambda f: scenes.osd(f, 5, up=False), "osd.5 in host node-c is down"),
    (lambda f: scenes.states(f, {"active+clean": 30, "active+degraded": 3}), "not all PGs are active.clean"),
    (lambda f: scenes.node(f, "node-a", cordoned=True), "node node-a is cordoned"),
    (lambda f: scenes.host_flags(f, node_a=["noout"]), "noout is set on node-a"),
    (lambda f: scenes.pools(f, min_size=3), "needs all of its 3 copies"),
    (_one_mon, "without mon b on node-b 0 of 1 monitors are left"),
    (lambda f: replace(f, cluster=scenes.facts().cluster), "Rook takes noout back 30 minutes after"),
    (lambda f: scenes.flags(f, "noout"), "the flag noout is set"),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS)
def test_refused(change: Callable[[Facts], Facts], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        _enter(change(HEALTHY))


def test_unknown_host() -> None:
    with pytest.raises(
        Refused, match="there is no host node-z in the CRUSH map; hosts: node-a, node-b, node-c"
    ):
        _enter(HEALTHY, host="node-z")


def test_pods_that_nobody_would_make_again_are_not_evicted() -> None:
    with pytest.raises(Refused, match="pod rook-ceph/bare on node-b has no controller"):
        _enter(HEALTHY, pods=[*PODS, _bare(HEALTHY)])
    with pytest.raises(Refused, match="the pods on node-b could not be read"):
        _enter(HEALTHY, pods=Unread(part="pods", error="Forbidden", reason="403"))


def test_ceph_is_asked_of_all_osds_together() -> None:
    with pytest.raises(Refused, match="ok-to-stop for all OSDs of node-b says no"):
        host_maintenance(HEALTHY, host="node-b", direction="enter", until="18:00", stop=scenes.NO, pods=PODS)
    noout = scenes.step(_enter(HEALTHY), "set-noout-node-b")
    assert noout.precondition[0].arguments == {"osds": [2, 3]}


def test_already_in_maintenance() -> None:
    assert "already" in _enter(_away(HEALTHY)).nothing_to_do


def test_back_in_the_order_in_which_nothing_moves_for_nothing() -> None:
    draft = _leave(_away(HEALTHY))
    assert scenes.ids(draft.steps) == [
        "uncordon-node-b",
        "wait-osds",
        "wait-clean",
        "unset-noout-node-b",
        "unmark-noout-node-b",
        "wait-budget",
    ]
    assert scenes.step(draft, "unset-noout-node-b").precondition[0].name == "rook/pgs-clean"
    assert [each.name for each in draft.goal][-1] == "rook/osd-budget-is-default"


def test_back_from_nothing() -> None:
    assert "is not in maintenance" in _leave(HEALTHY).nothing_to_do


def test_a_node_that_is_not_ready_is_not_opened() -> None:
    with pytest.raises(Refused, match="node node-b is not Ready"):
        _leave(scenes.node(_away(HEALTHY), "node-b", ready=False, cordoned=True))
