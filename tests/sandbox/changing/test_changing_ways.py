"""The ways that a run can go: nothing to do, refused, failed, taken back, gone on with."""

import sys
from pathlib import Path

import pytest
from changing_lab import DEPLOYMENTS, Lab, phases
from msgspec.structs import replace

from opskit.core.errors import OpsError, Refused
from opskit.core.plan import Apply, Condition, Delete, Evict, Patch, Run, Step, Target, Undo, Wait
from opskit.core.progress import Progress
from opskit.core.reads import InPod, Local

pytestmark = pytest.mark.sandbox


def test_a_step_that_is_in_place_already_is_not_done(lab: Lab) -> None:
    lab.make_deployment("osd", replicas=0)
    outcome = lab.apply(lab.plan(lab.scale_step("osd", before=1, after=0)))
    assert (outcome.status, outcome.exit_code, outcome.steps[0].state) == ("nothing-to-do", 0, "already")
    assert "osd has 0 replicas" in outcome.steps[0].text
    assert not outcome.undoable


def test_a_step_to_skip_is_shown_and_not_done(lab: Lab) -> None:
    lab.make_deployment("osd")
    step = lab.scale_step("osd", before=1, after=0, skip="the OSD is down already")
    outcome = lab.apply(lab.plan(step))
    assert (outcome.status, outcome.steps[0].state, lab.replicas("osd")) == ("nothing-to-do", "skipped", 1)
    assert outcome.steps[0].text == "the OSD is down already"
    with lab.journal() as journal:
        assert "locked" not in dict(map(reversed, phases(journal)))  # type: ignore[arg-type]


def test_a_precondition_that_does_not_hold_refuses_before_any_change(lab: Lab) -> None:
    lab.make_deployment("osd")
    outcome = lab.apply(
        lab.plan(lab.scale_step("osd", before=1, after=0, precondition=(lab.scaled("osd", 7),)))
    )
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("refused", 5, 1)
    assert "osd has 7 replicas: osd has 1 replicas" in outcome.text


def test_a_failed_step_stops_the_run_and_says_what_is_in_place(lab: Lab) -> None:
    lab.make_deployment("osd")
    settings = lab.make_config("settings", a="1")
    never = lab.step(
        "never",
        Patch(patch={"data": {"a": "2"}}),
        settings,
        postcondition=(lab.holding("settings", "a", "9"),),
        deadline_seconds=3,
    )
    later = lab.scale_step("osd", before=0, after=5, id="later")
    outcome = lab.apply(lab.plan(lab.scale_step("osd", before=1, after=0), never, later))
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert [step.state for step in outcome.steps] == ["done", "failed", "pending"]
    assert "settings.a is 2" in outcome.text
    assert "In place: scale-osd-0; `opskit undo run-1` takes it back" in outcome.text
    assert not lab.lease()["spec"].get("holderIdentity")
    assert lab.lease()["metadata"]["annotations"]["opskit/state"] == "failed"


def test_resume_waits_on_where_a_step_failed_to_be_seen(lab: Lab) -> None:
    settings = lab.make_config("settings", a="1")
    step = lab.step(
        "patch",
        Patch(patch={"data": {"a": "2"}}),
        settings,
        postcondition=(lab.holding("settings", "done", "yes"),),
        deadline_seconds=3,
    )
    plan = lab.plan(step)
    assert lab.apply(plan).status == "failed"
    lab.api.patch(lab.path("configmaps", "settings"), {"data": {"done": "yes"}})
    with lab.journal() as journal:
        assert lab.engine(plan, journal).resume().status == "done"
        assert [phase for _, phase in phases(journal)].count("intent") == 1


def test_a_goal_that_is_not_reached_is_no_success(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from opskit.core import goal

    monkeypatch.setattr(goal, "SECONDS", 2.0)
    lab.make_deployment("osd")
    outcome = lab.apply(lab.plan(lab.scale_step("osd", before=1, after=0), goal=[lab.scaled("osd", 3)]))
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert "the goal is not reached" in outcome.text
    assert [(each.ok, each.state) for each in outcome.goal] == [(False, "osd has 0 replicas")]


def test_undo_takes_back_what_can_be_taken_back_last_first(lab: Lab) -> None:
    lab.make_deployment("osd")
    settings, old = lab.make_config("settings", a="1"), lab.make_config("old", x="y")
    patch = lab.step(
        "patch",
        Patch(patch={"data": {"a": "2"}}),
        settings,
        undo=Undo(
            action=Patch(patch={"data": {"a": "1"}}), postcondition=(lab.holding("settings", "a", "1"),)
        ),
    )
    remove = lab.step(
        "remove",
        Delete(),
        old,
        undo=Undo(action=Apply(manifest={"data": {"x": "y"}}), postcondition=(lab.holding("old", "x", "y"),)),
    )
    final = lab.step(
        "final", Delete(), lab.make_config("gone", x="y"), no_undo="deleted data does not come back"
    )
    already = lab.step("already", Wait(), settings, postcondition=(lab.holding("settings", "a", "2"),))
    plan = lab.plan(lab.scale_step("osd", before=1, after=0), patch, remove, final, already)
    assert lab.apply(plan).undoable == ("remove", "patch", "scale-osd-0")

    with lab.journal() as journal:
        outcome = lab.engine(plan, journal).undo()
        taken = [step for step, phase in phases(journal) if phase == "undo-done"]
    assert (outcome.status, outcome.exit_code) == ("undone", 0), outcome
    assert taken == ["remove", "patch", "scale-osd-0"]
    assert "Can't be taken back: final (deleted data does not come back)" in outcome.text
    assert (lab.replicas("osd"), lab.value("settings", "a"), lab.value("old", "x")) == (1, "1", "y")
    with lab.journal() as journal:
        assert lab.engine(plan, journal).undo().status == "undone"
        assert [step for step, phase in phases(journal) if phase == "undo-done"] == taken
        resumed = lab.engine(plan, journal).resume()
    assert (resumed.exit_code, "being taken back" in resumed.text) == (5, True)


def test_resume_does_the_last_step_again_where_it_no_longer_holds(lab: Lab) -> None:
    lab.make_deployment("osd")
    other = lab.make_config("gate", open="no")
    gate = lab.step(
        "gate", Wait(), other, postcondition=(lab.holding("gate", "open", "yes"),), deadline_seconds=2
    )
    plan = lab.plan(lab.scale_step("osd", before=1, after=0), gate)
    assert lab.apply(plan).status == "failed"
    lab.api.patch(lab.path("deployments", "osd", group="apps"), {"spec": {"replicas": 1}})
    lab.api.patch(lab.path("configmaps", "gate"), {"data": {"open": "yes"}})
    with lab.journal() as journal:
        assert lab.engine(plan, journal).resume().status == "done"
    assert lab.replicas("osd") == 0


def test_pausing_and_going_on_is_not_done_twice_on_resume(lab: Lab) -> None:
    """The first step's postcondition no longer holds, because a later step ended it."""
    lab.make_deployment("operator")
    pause = lab.scale_step("operator", before=1, after=0, id="pause")
    go_on = lab.scale_step("operator", before=0, after=1, id="go-on")
    plan = lab.plan(pause, go_on)
    assert [change.before for change in plan.steps[1].preview or ()] == [0]
    assert lab.apply(plan).status == "done"
    with lab.journal() as journal:
        assert lab.engine(plan, journal).resume().status == "done"
        assert [phase for _, phase in phases(journal)].count("intent") == 2


def test_applying_twice_says_resume(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    assert lab.apply(plan).status == "done"
    outcome = lab.apply(plan)
    assert (outcome.status, outcome.exit_code) == ("refused", 2)
    assert "opskit resume run-1" in outcome.text


def test_an_eviction_waits_for_the_budget(lab: Lab) -> None:
    pod = lab.make_pod("victim")
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "victim"}}}
    budgets = lab.path("poddisruptionbudgets", group="policy")
    lab.api.create(budgets, {"metadata": {"name": "keep"}, "spec": budget})
    lab.until(lambda: "disruptionsAllowed" in lab.api.get(f"{budgets}/keep").get("status", {}), 90)
    lab.run_pod("victim")
    plan = lab.plan(lab.step("evict", Evict(grace_seconds=0), pod))
    assert plan.steps[0].preview

    waited: list[str] = []

    def watch(progress: Progress) -> None:
        if "budget" in progress.waiting_for:
            waited.append(progress.waiting_for)
            lab.api.delete(f"{budgets}/keep")

    outcome = lab.apply(plan, watch=watch)
    assert outcome.status == "done", outcome
    assert waited == ["Cannot evict pod as it would violate the pod's disruption budget."]
    assert lab.api.find(lab.path("pods", "victim")) is None


def command(lab: Lab, script: str, **more: object) -> Step:
    argv = (sys.executable, "-c", script)
    done = Condition(name="test/file-holds", arguments={"path": str(lab.folder / "effects"), "lines": 1})
    target = Target(kind="file", name="effects")
    return lab.step("run", Run(argv=argv, place=Local()), target, **{"postcondition": (done,), **more})


def test_a_command_needs_its_targets_name_typed_and_is_read_back(lab: Lab) -> None:
    plan = lab.plan(command(lab, f"open({str(lab.folder / 'effects')!r}, 'a').write('x\\n')"))
    assert (plan.steps[0].confirm, plan.steps[0].preview) == ("effects", None)
    outcome = lab.apply(plan, approval=replace(lab.approved(plan), confirmations=()))
    assert (outcome.exit_code, "lacks the typed confirmation of effects" in outcome.text) == (5, True)
    assert lab.apply(plan, run="run-2").status == "done"


def test_a_command_that_fails_says_what_it_said(lab: Lab) -> None:
    outcome = lab.apply(lab.plan(command(lab, "import sys; sys.exit('osd.3 is busy')")))
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert "exit code 1: osd.3 is busy" in outcome.text


def test_a_command_without_a_postcondition_is_a_defect_of_the_plan(lab: Lab) -> None:
    with pytest.raises(OpsError, match="no dry run and no postcondition"):
        lab.plan(command(lab, "pass", postcondition=()))


def test_a_command_in_no_pod_was_not_begun(lab: Lab) -> None:
    place = InPod(namespace=lab.namespace, selector="app=none")
    step = replace(command(lab, ""), action=Run(argv=("true",), place=place))
    outcome = lab.apply(lab.plan(step))
    assert outcome.status in {"failed", "refused"}
    assert "No pod matches app=none" in outcome.text
    assert outcome.steps[0].state == "failed"


def test_each_phase_is_told(lab: Lab) -> None:
    lab.make_deployment("osd")
    told: list[Progress] = []
    lab.apply(
        lab.plan(lab.scale_step("osd", before=1, after=0), goal=[lab.scaled("osd", 0)]), watch=told.append
    )
    assert [each.phase for each in told] == ["checking", "acting", "waiting", "done", "goal"]
    assert {(each.index, each.total) for each in told} == {(1, 1)}


def test_a_snapshot_can_not_be_changed(lab: Lab, tmp_path: Path) -> None:
    from opskit.core.cluster import Cluster
    from opskit.core.recorder import Recorder
    from opskit.core.snapshot import SnapshotReader

    lab.make_deployment("osd")
    step = lab.scale_step("osd", before=1, after=0)
    plan = lab.plan(step)
    recorder = Recorder(lab.cluster.reader)
    recorded = Cluster(recorder)
    recorded.get(DEPLOYMENTS, "osd", namespace=lab.namespace)
    with pytest.raises(Refused, match="is being recorded"):
        lab.plan(step, cluster=recorded)
    recorder.save(tmp_path / "snapshot")
    snapshot = Cluster(SnapshotReader(tmp_path / "snapshot"))
    offline = lab.plan(step, cluster=snapshot)
    assert offline.steps[0].preview is None
    assert offline.steps[0].target.uid == plan.steps[0].target.uid
    outcome = lab.apply(offline, cluster=snapshot)
    assert (outcome.exit_code, "is a snapshot" in outcome.text) == (5, True)
