"""What a write changes, field by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.comparing import changes, fields, status_changes, within
from opskit.core.plan import Change

OLD: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {
        "name": "d",
        "resourceVersion": "1",
        "generation": 1,
        "managedFields": [1],
        "labels": {"a.b/c": "x"},
    },
    "spec": {
        "replicas": 1,
        "paused": False,
        "containers": [{"name": "a", "image": "1", "args": ["x", "y"]}, {"name": "b", "image": "1"}],
    },
    "status": {"readyReplicas": 1},
}


def edited(path: list[Any], value: Any) -> dict[str, Any]:
    import copy

    made = copy.deepcopy(OLD)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (edited(["spec", "replicas"], 0), [Change(path="spec.replicas", before=1, after=0)]),
        (
            edited(["spec", "containers", 0, "image"], "2"),
            [Change(path="spec.containers[a].image", before="1", after="2")],
        ),
        (
            edited(["spec", "containers", 0, "args"], ["y", "x"]),
            [Change(path="spec.containers[a].args", before=["x", "y"], after=["y", "x"])],
        ),
        (edited(["spec", "containers"], list(reversed(OLD["spec"]["containers"]))), []),
        (
            edited(["metadata", "labels", "a.b/c"], "y"),
            [Change(path='metadata.labels["a.b/c"]', before="x", after="y")],
        ),
        (edited(["metadata", "labels"], {}), [Change(path='metadata.labels["a.b/c"]', before="x")]),
        (edited(["metadata", "annotations"], {"n": "1"}), [Change(path="metadata.annotations.n", after="1")]),
        (edited(["status"], {"readyReplicas": 0}), []),
        (edited(["metadata", "resourceVersion"], "2"), []),
        (edited(["metadata", "managedFields"], []), []),
        (edited(["metadata", "generation"], 2), []),
    ],
)
def test_changes(after: dict[str, Any], expected: list[Change]) -> None:
    found = [
        each for each in changes(OLD, after) if not (each.path == "metadata.labels" and each.after == {})
    ]
    assert found == expected


def test_the_values_of_a_secret_are_hidden() -> None:
    one = {"kind": "Secret", "data": {"password": "b2xk"}, "stringData": {"x": "old"}}
    other = {"kind": "Secret", "data": {"password": "bmV3"}, "stringData": {"x": "new"}, "type": "Opaque"}
    found = changes(one, other)
    assert [each.path for each in found] == ["data.password", "stringData.x", "type"]
    assert not any(secret in str(found) for secret in ("b2xk", "bmV3", "old'", "new'"))


def test_a_new_object_shows_what_its_manifest_sets() -> None:
    manifest = {"data": {"a": "1"}}
    answered = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "x"},
        "data": {"a": "1", "b": "default"},
    }
    assert within(changes(None, answered), manifest) == (Change(path="data.a", after="1"),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from(["spec", "data", "metadata", "status", "kind"]), VALUES, max_size=4)


@given(OBJECTS)
def test_nothing_differs_from_itself(one: dict[str, Any]) -> None:
    assert changes(one, one) == ()


@given(OBJECTS, OBJECTS)
def test_every_difference_of_the_fields_is_told_once(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = changes(one, other)
    assert bool(found) == (fields(one) != fields(other))
    assert len({each.path for each in found}) == len(found)


def test_a_write_of_the_status_tells_its_conditions_without_their_times() -> None:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    asked = {"type": "Issuing", "status": "True", "lastTransitionTime": "2026-01-02T00:00:00Z"}
    before = {"spec": {"a": 1}, "status": {"conditions": [ready]}}
    after = {
        "spec": {"a": 2},
        "status": {"conditions": [{**ready, "lastTransitionTime": "2026-01-03T00:00:00Z"}, asked]},
    }
    assert status_changes(before, before) == ()
    assert status_changes(before, after) == (
        Change(path="status.conditions[Issuing].status", after="True"),
        Change(path="status.conditions[Issuing].type", after="Issuing"),
    )
