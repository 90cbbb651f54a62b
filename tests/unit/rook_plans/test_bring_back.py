"""An OSD that is down comes back."""

import pytest

from opskit.core.errors import Refused
from opskit.core.plan import Delete, Scale
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import bring_back_osd

from . import scenes

HEALTHY = scenes.facts()
DOWN = scenes.crashed(HEALTHY, 3)
STOPPED = scenes.replicas(DOWN, "rook-ceph-osd-3", 0)
NO_POD = scenes.replace(DOWN, pods=[pod for pod in DOWN.pods if "osd-3-" not in pod.name])
OUT = scenes.osd(DOWN, 3, up=False, in_=False)


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        pytest.param(
            DOWN, ["restart-osd-3", "wait-clean"], id="the pod is there and the daemon does not answer"
        ),
        pytest.param(STOPPED, ["start-osd-3", "wait-clean"], id="the deployment is scaled to 0"),
        pytest.param(NO_POD, ["wait-pod-osd-3", "wait-clean"], id="the pod is about to be made"),
        pytest.param(OUT, ["restart-osd-3", "mark-in-osd-3", "wait-clean"], id="it was marked out"),
        pytest.param(
            scenes.osd(HEALTHY, 3, up=True, in_=False), ["mark-in-osd-3", "wait-clean"], id="it is up and out"
        ),
        pytest.param(
            scenes.osd(DOWN, 4, up=False), ["restart-osd-3"], id="another OSD keeps PGs from being whole"
        ),
        pytest.param(HEALTHY, [], id="it is up and in"),
    ],
)
def test_steps(facts: Facts, steps: list[str]) -> None:
    assert scenes.ids(bring_back_osd(facts, osd=3).steps) == steps


def test_what_is_done_already_says_why() -> None:
    draft = bring_back_osd(DOWN, osd=3)
    assert scenes.step(draft, "mark-in-osd-3").skip == "osd.3 is in already"
    assert bring_back_osd(HEALTHY, osd=3).nothing_to_do == "osd.3 is up and in already."


def test_the_stuck_pod_is_deleted_by_its_uid() -> None:
    step = scenes.step(bring_back_osd(DOWN, osd=3), "restart-osd-3")
    (pod,) = DOWN.osds[3].pods
    assert isinstance(step.action, Delete)
    assert (step.target.name, step.target.uid) == (pod.name, pod.metadata.uid)
    assert [each.name for each in step.postcondition] == ["rook/pod-gone", "rook/osd-is-up"]
    assert not step.undo
    assert step.no_undo


def test_a_start_is_taken_back_by_the_replicas_that_were() -> None:
    step = scenes.step(bring_back_osd(STOPPED, osd=3), "start-osd-3")
    assert step.action == Scale(replicas=1)
    assert step.undo
    assert step.undo.action == Scale(replicas=0)


def test_the_goal_names_the_disk_and_not_only_the_id() -> None:
    uuid = next(each.uuid for each in HEALTHY.osd_dump.osds if each.osd == 3)
    assert bring_back_osd(DOWN, osd=3).goal[0].arguments == {"osd": 3, "uuid": uuid}


@pytest.mark.parametrize(
    ("facts", "osd", "reason"),
    [
        (DOWN, 9, "there is no osd.9 in this cluster; it has OSDs 0, 1, 2, 3, 4, 5"),
        (scenes.replace(DOWN, deployments=[]), 3, "Rook has no deployment for osd.3"),
        (scenes.node(DOWN, "node-b", ready=False), 3, "node node-b is not Ready"),
        (scenes.node(DOWN, "node-b", cordoned=True), 3, "node node-b is cordoned"),
        (scenes.flags(DOWN, "noup"), 3, "the flag noup is set"),
        (scenes.flags(DOWN, "pause"), 3, "the flag pause is set"),
        (scenes.replace(DOWN, nodes=[]), 3, "the node of osd.3 on node-b is not in the cluster"),
    ],
)
def test_refused(facts: Facts, osd: int, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        bring_back_osd(facts, osd=osd)


def test_every_reason_is_told_at_once() -> None:
    facts = scenes.flags(scenes.node(DOWN, "node-b", ready=False, cordoned=True), "noup", "noin")
    with pytest.raises(Refused) as refused:
        bring_back_osd(facts, osd=3)
    assert str(refused.value).count("\n  - ") == 4
