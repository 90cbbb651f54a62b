"""Whether a CRD may be replaced by another version of it without losing or refusing objects.

Follows OLM v1's CRD upgrade safety checks
(https://operator-framework.github.io/operator-controller/concepts/crd-upgrade-safety/) and the rules of
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, cast

from opskit.core.findings import Data

Json = Mapping[str, Any]


class Risk(StrEnum):
    """What a change may do to objects that are there already."""

    BREAKS = "breaks"
    """Objects are lost or cut, or refused when they are written."""
    MAY_BREAK = "may break"
    """Objects that use what is narrowed are refused when that is written: at their next write, or, since
    Kubernetes 1.30 lets pass what is unchanged, once it is changed."""
    SAFE = "safe"


class Difference(Data, frozen=True):
    """One difference between two versions of a CRD."""

    code: str
    """Stable: `STORED_VERSION_REMOVED`, `FIELD_REMOVED`, `REQUIRED_ADDED`, …"""
    risk: Risk
    version: str
    """The CRD's version; "" for the CRD as a whole."""
    path: str
    """Of the field: `spec.size`, `spec.hosts[]`."""
    text: str


_LIMITS = {
    "maximum": 1,
    "maxLength": 1,
    "maxItems": 1,
    "maxProperties": 1,
    "minimum": -1,
    "minLength": -1,
    "minItems": -1,
    "minProperties": -1,
}
"""Limit → the direction in which it widens."""


def crd_upgrade(old: Json, new: Json) -> list[Difference]:
    """Every difference that matters to objects which are there already, the gravest first.

    Args:
        old: the CRD as it is in the cluster, its status included.
        new: the CRD that is to replace it.

    Returns:
        Nothing where the two are equal in all that matters.

    """
    found = [*_names(old, new), *_versions(old, new)]
    before, after = _schemas(old), _schemas(new)
    for version in sorted(before.keys() & after.keys()):
        found += _schema(before[version], after[version], version=version, path="")
    order = list(Risk)
    return sorted(found, key=lambda each: order.index(each.risk))


def breaks(differences: list[Difference]) -> bool:
    """Whether any of them loses or refuses objects for certain."""
    return any(each.risk is Risk.BREAKS for each in differences)


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _spec(crd: Json) -> dict[str, Any]:
    return _dict(crd.get("spec"))


def _by_name(crd: Json) -> dict[str, dict[str, Any]]:
    return {str(_dict(each).get("name", "")): _dict(each) for each in _list(_spec(crd).get("versions"))}


def _schemas(crd: Json) -> dict[str, dict[str, Any]]:
    return {
        name: _dict(_dict(version.get("schema")).get("openAPIV3Schema"))
        for name, version in _by_name(crd).items()
        if version.get("served")
    }


def _whole(code: str, text: str, *, risk: Risk = Risk.BREAKS, version: str = "") -> Difference:
    return Difference(code=code, risk=risk, version=version, path="", text=text)


def _names(old: Json, new: Json) -> Iterator[Difference]:
    was, will = _spec(old), _spec(new)
    if was.get("scope") != will.get("scope"):
        told = f"scope {was.get('scope')} → {will.get('scope')}: the API server refuses this"
        yield _whole("SCOPE_CHANGED", told)
    if was.get("group") != will.get("group"):
        yield _whole("GROUP_CHANGED", f"group {was.get('group')} → {will.get('group')}: it is another CRD")
    for name in ("kind", "plural"):
        before, after = (_dict(each.get("names")).get(name) for each in (was, will))
        if before != after:
            yield _whole("NAME_CHANGED", f"{name} {before} → {after}: clients ask for the old one")


def _versions(old: Json, new: Json) -> Iterator[Difference]:
    was, will = _by_name(old), _by_name(new)
    stored = {str(each) for each in _list(_dict(old.get("status")).get("storedVersions"))}
    for name in sorted(stored - will.keys()):
        yield _whole(
            "STORED_VERSION_REMOVED",
            f"{name} is removed, and objects may still be stored in it (status.storedVersions): "
            "the API server refuses this; migrate them first",
            version=name,
        )
    for name in sorted(was.keys() - will.keys() - stored):
        risk = Risk.MAY_BREAK if was[name].get("served") else Risk.SAFE
        yield _whole("VERSION_REMOVED", f"{name} is removed: clients of it fail", risk=risk, version=name)
    for name in sorted(was.keys() & will.keys()):
        if was[name].get("served") and not will[name].get("served"):
            told = f"{name} is not served any more: clients of it fail"
            yield _whole("VERSION_UNSERVED", told, risk=Risk.MAY_BREAK, version=name)
        if _dict(was[name].get("subresources")).keys() - _dict(will[name].get("subresources")).keys():
            yield _whole(
                "SUBRESOURCE_REMOVED", f"{name} loses a subresource: its operator's writes fail", version=name
            )
    for name in sorted(will.keys() - was.keys()):
        yield _whole("VERSION_ADDED", f"{name} is new", risk=Risk.SAFE, version=name)
    yield from _storage(was, will, new)


def _storage(
    was: dict[str, dict[str, Any]], will: dict[str, dict[str, Any]], new: Json
) -> Iterator[Difference]:
    before, after = (next((n for n, v in each.items() if v.get("storage")), "") for each in (was, will))
    if before == after or not before or not after:
        return
    strategy = _dict(_spec(new).get("conversion")).get("strategy", "None")
    risk = Risk.SAFE if strategy == "Webhook" else Risk.MAY_BREAK
    told = f"objects will be stored in {after}, not {before}, and converted by {strategy}"
    yield _whole("STORAGE_CHANGED", told, risk=risk, version=after)


def _schema(old: dict[str, Any], new: dict[str, Any], *, version: str, path: str) -> Iterator[Difference]:
    """Differences of one field and all below it."""

    def told(code: str, risk: Risk, text: str) -> Difference:
        return Difference(code=code, risk=risk, version=version, path=path or ".", text=text)

    yield from (told(*each) for each in _of_type(old, new))
    if old.get("type") != new.get("type"):
        return
    yield from (told(*each) for each in _of_values(old, new))
    yield from (told(*each) for each in _of_required(old, new))
    yield from _children(old, new, version=version, path=path)


Told = tuple[str, Risk, str]


def _of_type(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Told]:
    if old.get("type") != new.get("type"):
        yield "TYPE_CHANGED", Risk.BREAKS, f"type {old.get('type')} → {new.get('type')}"
    if old.get("nullable") and not new.get("nullable"):
        yield "NULL_FORBIDDEN", Risk.MAY_BREAK, "null was allowed and is not any more"
    keep = "x-kubernetes-preserve-unknown-fields"
    if old.get(keep) and not new.get(keep):
        yield "UNKNOWN_FIELDS_PRUNED", Risk.BREAKS, "unknown fields were kept, and are cut at the next write"
    for name in ("format", "x-kubernetes-int-or-string"):
        if old.get(name) != new.get(name):
            yield "FORMAT_CHANGED", Risk.MAY_BREAK, f"{name} {old.get(name)} → {new.get(name)}"
    keys = "x-kubernetes-list-type"
    if old.get(keys, "atomic") != new.get(keys, "atomic"):
        was, will = old.get(keys, "atomic"), new.get(keys, "atomic")
        yield "LIST_TYPE_CHANGED", Risk.MAY_BREAK, f"{keys} {was} → {will}: appliers own it differently"


def _of_values(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Told]:
    if old.get("default") != new.get("default"):
        was, will = old.get("default", "none"), new.get("default", "none")
        yield (
            "DEFAULT_CHANGED",
            Risk.BREAKS,
            f"default {was} → {will}: objects that leave it out change meaning",
        )
    before, after = _list(old.get("enum")), _list(new.get("enum"))
    if after and not before:
        yield "ENUM_ADDED", Risk.MAY_BREAK, f"only {_shown(after)} are allowed now"
    elif after and (lost := [each for each in before if each not in after]):
        yield "ENUM_NARROWED", Risk.BREAKS, f"{_shown(lost)} is not allowed any more"
    if new.get("pattern") and old.get("pattern") != new.get("pattern"):
        yield "PATTERN_CHANGED", Risk.MAY_BREAK, f"must match {new.get('pattern')!r} now"
    for name, wider in _LIMITS.items():
        yield from _limit(name, wider, old.get(name), new.get(name))
    rules = {str(_dict(each).get("rule")) for each in _list(old.get("x-kubernetes-validations"))}
    for each in _list(new.get("x-kubernetes-validations")):
        rule = str(_dict(each).get("rule"))
        if rule not in rules:
            yield "RULE_ADDED", Risk.MAY_BREAK, f"must obey {rule!r} now"


def _limit(name: str, wider: int, before: Any, after: Any) -> Iterator[Told]:
    if not isinstance(after, int | float) or before == after:
        return
    if before is None:
        yield "LIMIT_ADDED", Risk.MAY_BREAK, f"{name} {after} is new"
    elif isinstance(before, int | float) and (after - before) * wider < 0:
        yield "LIMIT_NARROWED", Risk.MAY_BREAK, f"{name} {before} → {after}"


def _shown(values: list[Any]) -> str:
    return ", ".join(map(str, values[:8]))


def _of_required(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Told]:
    before = {str(each) for each in _list(old.get("required"))}
    properties = _dict(new.get("properties"))
    for name in sorted({str(each) for each in _list(new.get("required"))} - before):
        if "default" in _dict(properties.get(name)):
            yield "REQUIRED_ADDED", Risk.SAFE, f"{name} is required now, and has a default"
        else:
            yield (
                "REQUIRED_ADDED",
                Risk.BREAKS,
                f"{name} is required now: objects without it can't be written",
            )


def _children(old: dict[str, Any], new: dict[str, Any], *, version: str, path: str) -> Iterator[Difference]:
    before, after = _dict(old.get("properties")), _dict(new.get("properties"))
    kept = bool(new.get("x-kubernetes-preserve-unknown-fields"))
    for name in sorted(before.keys() | after.keys()):
        where = f"{path}.{name}" if path else name
        if name not in after:
            risk = Risk.MAY_BREAK if kept else Risk.BREAKS
            told = "the field is removed: what objects hold there is cut at their next write"
            yield Difference(code="FIELD_REMOVED", risk=risk, version=version, path=where, text=told)
        elif name not in before:
            told = "the field is new"
            yield Difference(code="FIELD_ADDED", risk=Risk.SAFE, version=version, path=where, text=told)
        else:
            yield from _schema(_dict(before[name]), _dict(after[name]), version=version, path=where)
    for name, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
            inner = path + mark
            yield from _schema(_dict(old[name]), _dict(new[name]), version=version, path=inner)
        elif name in old and name not in new and not kept:
            told = f"{name} is removed: what objects hold there is cut"
            yield Difference(
                code="FIELD_REMOVED", risk=Risk.BREAKS, version=version, path=path + mark, text=told
            )
