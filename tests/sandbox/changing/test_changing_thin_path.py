"""Each action, from plan to outcome, on a real API server."""

import pytest
from changing_lab import Lab
from msgspec.structs import replace

from opskit.core.plan import Apply, Change, Delete, Patch

pytestmark = pytest.mark.sandbox


def test_scales_a_deployment_and_says_so(lab: Lab) -> None:
    lab.make_deployment("osd", replicas=1)
    plan = lab.plan(lab.scale_step("osd", before=1, after=0), goal=[lab.scaled("osd", 0)])

    assert plan.steps[0].preview == (Change(path="spec.replicas", before=1, after=0),)
    assert plan.steps[0].target.uid
    outcome = lab.apply(plan)

    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("done", 0, 0), outcome
    assert outcome.goal[0].ok
    assert outcome.undoable == ("scale-osd-0",)


def test_patches_applies_and_deletes(lab: Lab) -> None:
    target = lab.make_config("settings", a="1", b="2")
    fresh = lab.make_config("old", x="y")
    made = replace(target, name="made")
    plan = lab.plan(
        lab.step(
            "patch",
            Patch(patch={"data": {"a": "9"}}),
            target,
            postcondition=(lab.holding("settings", "a", "9"),),
        ),
        lab.step(
            "make", Apply(manifest={"data": {"k": "v"}}), made, postcondition=(lab.holding("made", "k", "v"),)
        ),
        lab.step("remove", Delete(), fresh, postcondition=(lab.holding("old", "x", None),)),
    )
    outcome = lab.apply(plan)

    assert outcome.status == "done", outcome
    assert [
        lab.value(*each) for each in (("settings", "a"), ("settings", "b"), ("made", "k"), ("old", "x"))
    ] == [
        "9",
        "2",
        "v",
        None,
    ]
