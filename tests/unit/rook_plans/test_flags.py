"""A flag is set and unset."""

import pytest

from opskit.core.errors import Refused
from opskit.core.plan import Run
from opskit.systems.rook.plans import set_flag, unset_flag

from . import scenes

HEALTHY = scenes.facts()


@pytest.mark.parametrize(
    ("planner", "facts", "words"),
    [
        (set_flag, HEALTHY, ("osd", "set", "noout")),
        (unset_flag, scenes.flags(HEALTHY, "noout"), ("osd", "unset", "noout")),
        (set_flag, scenes.flags(HEALTHY, "noout"), None),
        (unset_flag, HEALTHY, None),
    ],
)
def test_step(planner, facts, words) -> None:
    draft = planner(facts, flag="noout")
    if words is None:
        assert not draft.steps
        assert draft.nothing_to_do
        return
    (step,) = draft.steps
    assert isinstance(step.action, Run)
    assert step.action.argv[2:] == words
    assert step.undo


def test_flags_that_stop_clients_are_typed() -> None:
    (step,) = set_flag(HEALTHY, flag="pause").steps
    assert (step.risk, step.confirm) == ("high", "pause")


def test_no_such_flag() -> None:
    with pytest.raises(Refused, match="there is no flag noutt"):
        set_flag(HEALTHY, flag="noutt")
