"""A crash leaves a journal that says where it was; resume does what is left, and nothing twice."""

import signal
import sys
from pathlib import Path

import pytest
from changing_lab import Lab, Process, normalised
from changing_proxy import Proxy
from msgspec.structs import replace

from opskit.core.plan import Apply, Condition, Delete, Patch, Plan, Run, Step, Target
from opskit.core.reads import Local
from opskit.sandbox.site import Site

pytestmark = pytest.mark.sandbox


def appends(lab: Lab, file: Path, *, repeatable: bool) -> Step:
    """A command that has an effect each time that it is run."""
    script = f"open({str(file)!r}, 'a').write('once\\n')"
    arguments = {"path": str(file), "lines": 1}
    return lab.step(
        "append",
        Run(argv=(sys.executable, "-c", script), place=Local(), repeatable=repeatable),
        Target(kind="file", name="effects"),
        postcondition=(Condition(name="test/file-holds", arguments=arguments),),
        confirm="effects",
    )


def five_steps(lab: Lab, file: Path) -> Plan:
    """A step of each sort, all of them with an effect that shows."""
    lab.make_deployment("osd")
    settings, old = lab.make_config("settings", a="1"), lab.make_config("old", x="y")
    made = replace(settings, name="made")
    return lab.plan(
        lab.scale_step("osd", before=1, after=0),
        lab.step(
            "patch",
            Patch(patch={"data": {"a": "2"}}),
            settings,
            postcondition=(lab.holding("settings", "a", "2"),),
        ),
        lab.step(
            "make", Apply(manifest={"data": {"k": "v"}}), made, postcondition=(lab.holding("made", "k", "v"),)
        ),
        appends(lab, file, repeatable=True),
        lab.step("remove", Delete(), old, postcondition=(lab.holding("old", "x", None),)),
        goal=[lab.scaled("osd", 0)],
    )


def end_state(lab: Lab) -> dict[str, dict[str, str]]:
    return lab.everything()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("boundary", ["intent", "send", "ack", "commit"])
def test_killed_at_a_boundary_of_every_step_it_ends_as_if_never_killed(
    boundary: str, lab: Lab, site: Site, tmp_path: Path
) -> None:
    undisturbed = Lab(site, tmp_path / "undisturbed")
    undisturbed.folder.mkdir()
    with undisturbed:
        plan = five_steps(undisturbed, tmp_path / "undisturbed" / "effects")
        assert undisturbed.apply(plan).status == "done"
        wanted_state = end_state(undisturbed)
        wanted = normalised(Process(undisturbed, plan).records())

    effects = tmp_path / "effects"
    with Proxy(site, tmp_path) as proxy:
        run = Process(lab, five_steps(lab, effects))
        killed: list[str] = []
        code, outcome = run.run(kubeconfig=proxy.kubeconfig, signal_at=boundary)
        while code == -signal.SIGKILL:
            killed.append(run.records()[-1].step)
            code, outcome = run.run(
                kubeconfig=proxy.kubeconfig, way="resume", signal_at=boundary, spared=killed
            )
        written = [seen.path for kind in ("configmaps", "deployments") for seen in proxy.effects(kind)]

    assert killed == [step.id for step in run.plan.steps], outcome
    assert outcome is not None
    assert (code, outcome.status) == (0, "done"), outcome
    assert end_state(lab) == wanted_state
    assert _renamed(normalised(run.records()), lab, tmp_path) == _renamed(
        wanted, undisturbed, tmp_path / "undisturbed"
    )
    assert effects.read_text() == "once\n"
    assert len(written) == len(set(written)) == 4


def _renamed(found: list[tuple[str, str, str]], lab: Lab, folder: Path) -> list[tuple[str, str, str]]:
    names = {lab.namespace: "NAMESPACE", str(folder / "effects"): "FILE"}
    texts = [(step, phase, text) for step, phase, text in found]
    for name, stands in names.items():
        texts = [(step, phase, text.replace(name, stands)) for step, phase, text in texts]
    return texts


def test_the_journal_of_a_killed_run_names_run_step_phase_and_target(lab: Lab) -> None:
    lab.make_deployment("osd")
    run = Process(lab, lab.plan(lab.scale_step("osd", before=1, after=0)), run="run-7")
    code, _ = run.run(signal_at="send")
    last = run.records()[-1]
    assert code == -signal.SIGKILL
    assert (last.run, last.step, last.phase) == ("run-7", "scale-osd-0", "intent")
    assert last.data["target"] == f"Deployment {lab.namespace}/osd"


def test_a_command_that_may_not_be_repeated_stops_as_unknown_until_a_person_settles_it(
    lab: Lab, tmp_path: Path
) -> None:
    effects = tmp_path / "effects"
    run = Process(lab, lab.plan(replace(appends(lab, effects, repeatable=False), deadline_seconds=3)))
    assert run.run(signal_at="intent")[0] == -signal.SIGKILL

    code, outcome = run.run(way="resume")
    assert outcome is not None
    assert (code, outcome.status, outcome.steps[0].state) == (7, "unknown", "unknown")
    assert "--settle append=done (or =not-done)" in outcome.text
    assert not effects.exists()

    code, outcome = run.run(way="resume", settle={"append": "not-done"})
    assert outcome is not None
    assert (code, outcome.status, effects.read_text()) == (0, "done", "once\n")
