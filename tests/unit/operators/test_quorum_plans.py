"""Resizing and upgrading a system that votes, as tables: facts in, steps or reasons out."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import Refused
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.plans import resize_quorum
from opskit.systems.operators.plans.upgrade import version_reasons
from opskit.systems.operators.quorum import SORTS, Member, Quorum
from tests.unit.operators.scenes import EMPTY

WHERE = {"resource": SORTS[0].resource, "namespace": "shop", "name": "orders"}


def facts(*members: Member, wanted: int | None = None) -> Facts:
    """Facts with one etcd of these members."""
    found = Quorum(
        sort=SORTS[0],
        namespace="shop",
        name="orders",
        uid="u",
        wanted=len(members) if wanted is None else wanted,
        version="v3.7.3",
        members=members,
    )
    return msgspec.structs.replace(EMPTY, quorums=[found])


def well(count: int) -> list[Member]:
    """Healthy voters."""
    return [Member(name=f"orders-{number}", healthy=True) for number in range(count)]


def sizes(draft_steps: Any) -> list[int]:
    """What each step sets."""
    return [step.action.patch["spec"]["size"] for step in draft_steps]


def test_three_grows_to_five_by_one_at_a_time() -> None:
    draft = resize_quorum(facts(*well(3)), **WHERE, size=5)
    assert sizes(draft.steps) == [4, 5]
    assert [step.precondition[0].arguments["size"] for step in draft.steps] == [3, 4]


def test_nothing_to_do_where_the_size_is_right() -> None:
    assert resize_quorum(facts(*well(3)), **WHERE, size=3).nothing_to_do


@given(st.sampled_from([3, 5, 7]), st.sampled_from([3, 5, 7]))
def test_every_step_is_one_member(before: int, after: int) -> None:
    way = [before, *sizes(resize_quorum(facts(*well(before)), **WHERE, size=after).steps)]
    assert way[-1] == after
    assert all(abs(new - old) == 1 for old, new in pairwise(way))


REFUSED = {
    "an even size": (facts(*well(3)), 4, "even"),
    "too small": (facts(*well(3)), 1, "smallest"),
    "too large": (facts(*well(3)), 9, "more than the 7"),
    "a dead member": (facts(*well(2), Member(name="orders-2", error="refused")), 5, "not healthy: refused"),
    "a lost majority": (facts(*well(1), Member(name="b"), Member(name="c")), 5, "lost its majority"),
    "a learner": (facts(*well(3), Member(name="d", healthy=True, learner=True)), 5, "still a learner"),
    "a change under way": (facts(*well(3), wanted=5), 7, "asks for 5 members and has 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_safe_is_refused_with_its_reason(case: str) -> None:
    given_facts, size, said = REFUSED[case]
    with pytest.raises(Refused, match=said):
        resize_quorum(given_facts, **WHERE, size=size)


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("3.6.4", "3.7.1", True),
        ("v3.7.3", "v3.7.4", True),
        ("3.5.0", "3.7.0", False),
        ("3.7.3", "3.6.9", False),
        ("3.7.3", "latest", False),
    ],
)
def test_versions_go_on_by_one_minor_at_most(before: str, after: str, *, allowed: bool) -> None:
    assert (not list(version_reasons(before, after, software="etcd"))) is allowed
