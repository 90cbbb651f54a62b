"""What a CRD upgrade does to objects that are there, as a table; and what always holds."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.systems.operators.crd_upgrade import Risk, breaks, crd_upgrade

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "maximum": 9, "default": 3},
        "mode": {"type": "string", "enum": ["fast", "safe"]},
        "hosts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def crd(
    spec: dict[str, Any] = SPEC, *, versions: tuple[str, ...] = ("v1",), stored: tuple[str, ...] = ("v1",)
) -> Any:
    """A CRD whose versions have one schema; the first is stored."""
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    listed = [
        {"name": name, "served": True, "storage": name == versions[0], "schema": schema} for name in versions
    ]
    names = {"kind": "Gadget", "plural": "gadgets"}
    return {
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": listed},
        "status": {"storedVersions": list(stored)},
    }


def changed(**edits: Any) -> dict[str, Any]:
    """The schema with its properties edited: None removes one."""
    spec = deepcopy(SPEC)
    for name, value in edits.items():
        if value is None:
            del spec["properties"][name]
        else:
            spec["properties"][name] = value
    return spec


CASES = {
    "a field is removed": (crd(changed(mode=None)), "FIELD_REMOVED", Risk.BREAKS),
    "a nested field is removed": (
        crd(changed(hosts={"type": "array", "items": {"type": "object", "properties": {}}})),
        "FIELD_REMOVED",
        Risk.BREAKS,
    ),
    "a field is required": (crd({**SPEC, "required": ["size", "mode"]}), "REQUIRED_ADDED", Risk.BREAKS),
    "a type changes": (crd(changed(mode={"type": "integer"})), "TYPE_CHANGED", Risk.BREAKS),
    "a default changes": (
        crd(changed(size={"type": "integer", "maximum": 9, "default": 5})),
        "DEFAULT_CHANGED",
        Risk.BREAKS,
    ),
    "a limit narrows": (
        crd(changed(size={"type": "integer", "maximum": 7, "default": 3})),
        "LIMIT_NARROWED",
        Risk.MAY_BREAK,
    ),
    "an enum narrows": (
        crd(changed(mode={"type": "string", "enum": ["safe"]})),
        "ENUM_NARROWED",
        Risk.BREAKS,
    ),
    "unknown fields are cut": (crd(changed(free={"type": "object"})), "UNKNOWN_FIELDS_PRUNED", Risk.BREAKS),
    "a stored version is removed": (crd(versions=("v2",)), "STORED_VERSION_REMOVED", Risk.BREAKS),
    "a field is added": (crd(changed(more={"type": "string"})), "FIELD_ADDED", Risk.SAFE),
}


@pytest.mark.parametrize("case", CASES)
def test_each_change_is_told(case: str) -> None:
    new, code, risk = CASES[case]
    assert (code, risk) in [(each.code, each.risk) for each in crd_upgrade(crd(), new)]


def test_a_version_that_is_not_stored_any_more_may_go() -> None:
    found = crd_upgrade(crd(versions=("v2", "v1"), stored=("v2",)), crd(versions=("v2",), stored=("v2",)))
    assert not breaks(found)


_LEAVES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "boolean"])}
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    return st.fixed_dictionaries({"type": st.just("object"), "properties": properties})


_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(_LEAVES, _nested, max_leaves=8)


@given(_SCHEMAS)
def test_the_same_crd_differs_in_nothing(spec: dict[str, Any]) -> None:
    assert crd_upgrade(crd(spec), crd(deepcopy(spec))) == []


@given(_SCHEMAS, _SCHEMAS)
def test_a_field_added_one_way_is_removed_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    there = {each.path for each in crd_upgrade(crd(old), crd(new)) if each.code == "FIELD_ADDED"}
    back = {each.path for each in crd_upgrade(crd(new), crd(old)) if each.code == "FIELD_REMOVED"}
    assert there == back
