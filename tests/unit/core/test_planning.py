"""Plans: what they bind, and how two of them differ."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from opskit.core.plan import (
    Action,
    Apply,
    Change,
    Condition,
    Delete,
    Lock,
    Patch,
    Plan,
    Scale,
    Step,
    Target,
    Undo,
)
from opskit.core.planning import code_digest, difference
from opskit.core.previews import laid_over

TARGET = Target(
    kind="Deployment", name="osd", namespace="n", group="apps", version="v1", plural="deployments", uid="u"
)


def step(action: Action | None = None, **more: object) -> Step:
    made = Step(id="s", title="A step", action=action or Scale(replicas=0), target=TARGET, reason="why")
    return replace(made, **more)


def plan(**changes: object) -> Plan:
    made = Plan(
        runbook="r",
        system="s",
        title="t",
        cluster="c",
        cluster_uid="u",
        parameters={"osd": 3},
        code="c0",
        lock=Lock(namespace="n", name="l"),
        steps=(step(),),
        goal=(),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    "prose",
    [
        {"title": "other"},
        {"made": datetime(2027, 1, 1, tzinfo=UTC)},
        {"cluster": "other"},
        {"steps": (step(title="other", reason="other", no_undo="other"),)},
    ],
)
def test_prose_is_not_bound(prose: dict[str, object]) -> None:
    assert plan(**prose).hash == plan().hash
    assert difference(plan(), plan(**prose)) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"code": "c1"}, "code: c0 → c1"),
        ({"parameters": {"osd": 4}}, "parameters.osd: 3 → 4"),
        ({"parameters": {}}, "parameters.osd: 3 → absent"),
        ({"cluster_uid": "v"}, "cluster_uid: u → v"),
        ({"steps": (step(target=replace(TARGET, uid="v")),)}, "steps[s].target.uid: u → v"),
        ({"steps": (step(Scale(replicas=1)),)}, "steps[s].action.replicas: 0 → 1"),
        ({"steps": (step(deadline_seconds=5),)}, "steps[s].deadline_seconds: 300 → 5"),
        ({"steps": (step(confirm="osd"),)}, "steps[s].confirm:  → osd"),
        ({"steps": (step(skip="done"),)}, "steps[s].skip: False → True"),
        (
            {"steps": (step(preview=(Change(path="spec.replicas", before=2, after=0),)),)},
            "steps[s].preview[spec.replicas].before: absent → 2",
        ),
        (
            {"steps": (step(precondition=(Condition(name="x/ok", arguments={"osd": 3}),)),)},
            "steps[s].precondition[0].arguments.osd: absent → 3",
        ),
        (
            {"steps": (step(undo=Undo(action=Scale(replicas=1))),)},
            "steps[s].undo.action.replicas: absent → 1",
        ),
        ({"steps": ()}, "steps[s].id: s → absent"),
    ],
)
def test_everything_else_is_bound_and_its_change_is_readable(changed: dict[str, object], says: str) -> None:
    assert plan(**changed).hash != plan().hash
    assert says in difference(plan(), plan(**changed))


def test_the_words_of_conditions_are_prose() -> None:
    one, other = (
        plan(goal=(Condition(name="x/ok", text=text),)) for text in ("down since 14:02", "down since 14:03")
    )
    assert one.hash == other.hash


SIMPLE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6)


@given(
    st.dictionaries(st.text(max_size=5), SIMPLE, max_size=4),
    st.dictionaries(st.text(max_size=5), SIMPLE, max_size=4),
)
def test_two_plans_differ_readably_unless_their_hashes_are_equal(
    one: dict[str, object], other: dict[str, object]
) -> None:
    first, second = plan(parameters=one), plan(parameters=other)
    if first.hash == second.hash:
        assert difference(first, second) == []


def test_the_digest_changes_with_each_file_and_its_name(tmp_path: Path) -> None:
    room = tmp_path / "room"
    (room / "deep").mkdir(parents=True)
    (room / "a.py").write_text("1")
    (room / "deep" / "b.py").write_text("2")
    book = tmp_path / "book.ipynb"
    book.write_text("{}")
    seen = {code_digest([room, book])}
    assert code_digest([book, room]) in seen
    (room / "notes.txt").write_text("not code")
    assert code_digest([room, book]) in seen
    for change in (
        lambda: (room / "a.py").write_text("3"),
        lambda: (room / "deep" / "b.py").rename(room / "deep" / "c.py"),
        lambda: book.write_text("[]"),
        lambda: (room / "new.py").touch(),
    ):
        change()
        digest = code_digest([room, book])
        assert digest not in seen
        seen.add(digest)


def test_the_digest_does_not_depend_on_where_the_code_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place / "room").mkdir(parents=True)
        (tmp_path / place / "room" / "a.py").write_text("1")
    assert code_digest([tmp_path / "here" / "room"]) == code_digest([tmp_path / "there" / "room"])


@pytest.mark.parametrize(
    ("action", "preview", "overlay", "expected"),
    [
        # Paused by an earlier step, then scaled to what it has now: that is a change by then.
        (Scale(replicas=1), (), {"spec.replicas": 0}, (Change(path="spec.replicas", before=0, after=1),)),
        (
            Scale(replicas=2),
            (Change(path="spec.replicas", before=1, after=2),),
            {"spec.replicas": 0},
            (Change(path="spec.replicas", before=0, after=2),),
        ),
        (Scale(replicas=0), (Change(path="spec.replicas", before=1, after=0),), {"spec.replicas": 0}, ()),
        (
            Patch(patch={"spec": {"paused": True}}),
            (Change(path="spec.paused", after=True),),
            {"spec.replicas": 0},
            (Change(path="spec.paused", after=True),),
        ),
        (
            Apply(manifest={"data": {"a": "1"}}),
            (),
            {"data.a": "2"},
            (Change(path="data.a", before="2", after="1"),),
        ),
        (
            Delete(),
            (Change(path="(object)", before="Deployment n/osd"),),
            {"spec.replicas": 0},
            (Change(path="(object)", before="Deployment n/osd"),),
        ),
    ],
)
def test_a_preview_is_laid_over_what_earlier_steps_do(
    action: Action, preview: tuple[Change, ...], overlay: dict[str, object], expected: tuple[Change, ...]
) -> None:
    assert laid_over(step(action), preview, overlay) == expected
