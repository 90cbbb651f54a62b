"""Scenes fit their runbooks and profiles, and a rehearsal is judged by the witness, not by opskit alone."""

import re

import pytest
from typer.testing import CliRunner

from opskit.cli.main import app
from opskit.core.errors import UnknownName
from opskit.runner import catalogue
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing.outcome import By, Rehearsal, judged, with_verdict
from opskit.sandbox.rehearsing.scenes import SCENES, scene_of
from opskit.sandbox.rehearsing.witness import Answers, Statement
from opskit.sandbox.rehearsing.witnesses import WITNESSES


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_fits_its_runbook_and_its_profile(name: str) -> None:
    scene, runbook = SCENES[name], catalogue.find(name)
    profile = PROFILES[scene.profile]
    assert runbook.system in profile.systems
    declared = {each.name for each in runbook.parameters}
    assert set(scene.parameters) <= declared
    faults = {each.name: each for each in profile.faults}
    if scene.fault:
        assert set(scene.arguments) <= faults[scene.fault].arguments.keys()
    named = {
        word for each in (*scene.goal, *scene.answer) for word in re.findall(r"(?<!{){(\w+)}", each.command)
    }
    assert named <= declared
    assert not (scene.answer and runbook.changing), "what changes something is judged by what it attained"
    assert scene.goal or not scene.maintenance, "a maintenance is judged by its goal alone"


def test_who_is_asked_at_the_end_is_the_one_who_can_tell() -> None:
    whole = WITNESSES["kubeadm"]
    drain, back = SCENES["kubeadm/drain-node"], SCENES["kubeadm/return-node"]
    machines = SCENES["kubeadm/check-machines"]
    assert (drain.judged_by, drain.witnesses(whole)) == ("goal", drain.goal)
    assert (back.judged_by, back.witnesses(whole)) == ("whole", (*back.goal, *whole))
    assert (machines.judged_by, machines.witnesses(whole)) == ("answer", machines.answer)


def test_every_runbook_has_a_profile_and_a_witness() -> None:
    for runbook in catalogue.every():
        assert runbook.system in PROFILES[scene_of(runbook.name, runbook.system).profile].systems
        assert WITNESSES[runbook.system]
    with pytest.raises(UnknownName, match="kafka"):
        scene_of("kafka/restart", "kafka")


def _told(*, well: bool | None, witness: bool, by: By = "whole") -> Rehearsal:
    said = Statement(command="ceph status", well=witness, said="" if witness else "OSD_DOWN")
    return Rehearsal(
        runbook="rook/osd-down",
        profile="light",
        sandbox="s",
        fault="osd-down",
        led_by="rook/OSD_DOWN",
        parameters={},
        exit_code=0,
        sentence="",
        well=well,
        witness=[said],
        by=by,
    )


@pytest.mark.parametrize(
    ("well", "witness", "changing", "code"),
    [
        (True, True, True, 0),
        (False, False, True, 3),
        (True, False, True, 1),
        (False, True, True, 1),
        (False, False, False, 0),
        (True, True, False, 0),
        (False, True, False, 1),
    ],
)
def test_opskit_is_believed_only_where_the_witness_agrees(
    well: bool, witness: bool, changing: bool, code: int
) -> None:
    assert judged(_told(well=well, witness=witness), changing=changing).exit_code == code


@pytest.mark.parametrize(
    ("well", "witness", "code"), [(False, True, 0), (True, True, 0), (True, False, 1), (None, True, 1)]
)
def test_an_answer_is_judged_alone_whatever_else_is_wrong(
    well: bool | None, witness: bool, code: int
) -> None:
    told = judged(_told(well=well, witness=witness, by="answer"), changing=False)
    assert (told.exit_code, "answer" in told.sentence) == (code, True)


@pytest.mark.parametrize(
    ("by", "goal", "good", "well"),
    [
        ("goal", [True, True], False, True),
        ("goal", [True, False], True, False),
        ("goal", [True, None], True, False),
        ("goal", [], True, False),
        ("whole", [True, True], False, False),
        ("whole", [], True, True),
    ],
)
def test_a_maintenance_is_over_when_its_goal_is_reached(
    by: By, goal: list[bool | None], good: bool, well: bool
) -> None:
    verdict = {"good": good, "sentence": "So it is.", "goal": [{"ok": each} for each in goal]}
    assert with_verdict(_told(well=None, witness=True, by=by), verdict, []).well is well


def test_parameters_stand_in_a_witness_question() -> None:
    (witness,) = SCENES["operators/resize-quorum"].goal
    words = witness.words({"namespace": "shop", "name": "orders", "size": 5})
    assert words[:5] == ["kubectl", "-n", "shop", "exec", "orders-0"]
    said = Answers(before="", after='{"members": [{"name": "orders-0"}]}', parameters={"size": 3})
    assert list(witness.judge(said)) == ["etcd has 1 members, not 3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rehearse", "rook/osd-dwn"], "did you mean rook/osd-down"),
        (["rehearse", "rook/osd-down", "-p", "osd"], "write -p NAME=VALUE"),
    ],
)
def test_wrong_use_is_told_before_anything_is_started(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
