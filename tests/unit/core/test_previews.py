"""What a plan's steps would change, each as if those before it had been done."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from opskit.core.errors import NotFound
from opskit.core.plan import Action, Apply, Change, Delete, Patch, Run, Scale, Step, Target, Wait
from opskit.core.previews import previews
from opskit.core.reads import Local

TARGET = Target(
    kind="Deployment", name="web", namespace="n", group="apps", version="v1", plural="deployments"
)


class Server:
    """A stand-in for the server's dry run: it knows one object and never changes it."""

    def __init__(self, **held: Any) -> None:
        self.held = held

    def preview(self, step: Step) -> tuple[Change, ...] | None:
        match step.action:
            case Scale(replicas=wanted):
                sets = {"spec.replicas": wanted}
            case Patch(patch=patch):
                sets = {f"spec.{key}": value for key, value in patch["spec"].items()}
            case Delete():
                return (Change(path="", before="web"),) if self.held else ()
            case Apply():
                sets = {"spec.replicas": 1}
            case _:
                return None
        if not self.held and not isinstance(step.action, Apply):
            raise NotFound("There is no Deployment web.")
        return tuple(
            Change(path=path, before=self.held.get(path), after=value)
            for path, value in sets.items()
            if self.held.get(path) != value
        )


def seen(server: Server, *actions: Action, **changed: Any) -> tuple[tuple[Change, ...] | None, ...]:
    steps = (
        Step(id=f"s{at}", title="t", action=action, target=TARGET, reason="r", **changed)
        for at, action in enumerate(actions)
    )
    return previews(server, tuple(steps))  # type: ignore[arg-type]


def scaled(before: Any, after: int) -> tuple[Change, ...]:
    return (Change(path="spec.replicas", before=before, after=after),)


REAL = {"spec.replicas": 3}
MANIFEST = {"spec": {"replicas": 1}}


@pytest.mark.parametrize(
    ("server", "actions", "expected"),
    [
        (Server(**REAL), (Scale(replicas=0), Scale(replicas=3)), (scaled(3, 0), scaled(0, 3))),
        (Server(**REAL), (Scale(replicas=3), Scale(replicas=2)), ((), scaled(3, 2))),
        (Server(**REAL), (Scale(replicas=0), Scale(replicas=0)), (scaled(3, 0), ())),
        (Server(**REAL), (Scale(replicas=0), Patch(patch={"spec": {"paused": True}})),
         (scaled(3, 0), (Change(path="spec.paused", before=None, after=True),))),
        (Server(**REAL), (Wait(), Run(argv=("ceph", "status"), place=Local())), (None, None)),
        (Server(), (Apply(manifest=MANIFEST), Scale(replicas=2)), (scaled(None, 1), None)),
        (Server(), (Apply(manifest=MANIFEST), Delete()), (scaled(None, 1), None)),
        (Server(**REAL), (Delete(),), ((Change(path="", before="web"),),)),
    ],
)  # fmt: skip
def test_each_step_is_shown_after_those_before_it(
    server: Server, actions: tuple[Action, ...], expected: tuple[Any, ...]
) -> None:
    assert seen(server, *actions) == expected


def test_what_nobody_makes_is_an_error_when_it_is_planned() -> None:
    with pytest.raises(NotFound, match="There is no Deployment web"):
        seen(Server(), Scale(replicas=2))


def test_a_step_with_nothing_to_do_is_not_asked_about() -> None:
    assert seen(Server(), Scale(replicas=2), skip="It has 2 already.") == (None,)


def test_another_object_of_the_same_name_is_not_laid_over() -> None:
    steps = [Step(id="a", title="t", action=Scale(replicas=0), target=TARGET, reason="r")]
    steps.append(replace(steps[0], id="b", target=replace(TARGET, namespace="other")))
    assert previews(Server(**REAL), tuple(steps)) == (scaled(3, 0), scaled(3, 0))  # type: ignore[arg-type]


@given(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=6))
def test_the_changes_lead_from_what_is_to_what_the_last_step_wants(start: int, wanted: list[int]) -> None:
    found = seen(Server(**{"spec.replicas": start}), *(Scale(replicas=each) for each in wanted))
    at = start
    for changes in found:
        for each in changes or ():
            assert each.before == at != each.after
            at = each.after
    assert at == (wanted[-1] if wanted else start)
