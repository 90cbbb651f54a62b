"""What a write changes, field by field: an object as it is against the server's dry run.

Status, bookkeeping of the server and times are left out: they change without anybody's doing.
"""

from collections.abc import Iterator
from typing import Any

from opskit.core.plan import Change, Json

NOISE = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""Fields of `metadata` that the server keeps for itself."""

HIDDEN = "(secret)"

_NAMES = ("name", "key", "type", "ip")
"""Fields that tell the items of a list apart, in the order in which they are tried."""


def changes(before: Json | None, after: Json | None) -> tuple[Change, ...]:
    """The fields that differ.

    Args:
        before: the object as it is; None when it does not exist.
        after: the object as it would be; None when it would be gone.

    Returns:
        One `Change` a field, sorted by path. Items of a list with names stand under their names;
        a list without names is one value, as its order may matter. Values of a Secret are hidden.

    """
    one, other = fields(before), fields(after)
    differing = sorted(path for path in {*one, *other} if one.get(path) != other.get(path))
    found = tuple(Change(path=path, before=one.get(path), after=other.get(path)) for path in differing)
    secret = any((each or {}).get("kind") == "Secret" for each in (before, after))
    return tuple(_hidden(each) for each in found) if secret else found


def within(found: tuple[Change, ...], manifest: Json) -> tuple[Change, ...]:
    """Only the changes of fields that the manifest sets: a new object's defaults are the server's."""
    owned = fields(manifest)
    return tuple(each for each in found if each.path in owned)


def status_changes(before: Json | None, after: Json | None) -> tuple[Change, ...]:
    """What a write of the status subresource changes; the conditions' own times are left out."""
    one, other = _status(before), _status(after)
    differing = sorted(path for path in {*one, *other} if one.get(path) != other.get(path))
    return tuple(Change(path=path, before=one.get(path), after=other.get(path)) for path in differing)


def _status(whole: Json | None) -> dict[str, Any]:
    found = _flat((whole or {}).get("status", {}), "status")
    return {path: value for path, value in found if not path.endswith(".lastTransitionTime")}


def fields(whole: Json | None) -> dict[str, Any]:
    """Path to value, of every field but the noise: `{"spec.template.spec.containers[osd].image": …}`."""
    kept = {key: value for key, value in (whole or {}).items() if key != "status"}
    if isinstance(kept.get("metadata"), dict):
        kept["metadata"] = {key: value for key, value in kept["metadata"].items() if key not in NOISE}
    return dict(_flat(kept, ""))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, _field(path, str(key)))
    elif isinstance(value, list) and (name := _name_of(value)):
        for each in value:
            yield from _flat(each, f"{path}[{each[name]}]")
    elif value is not None:
        yield path, value


def _name_of(items: list[Any]) -> str | None:
    """The field that tells the items apart, if there is one."""
    if not items or not all(isinstance(each, dict) for each in items):
        return None
    for name in _NAMES:
        values = [each.get(name) for each in items]
        if all(isinstance(value, str) for value in values) and len(set(values)) == len(values):
            return name
    return None


def _field(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _hidden(change: Change) -> Change:
    if not change.path.startswith(("data", "stringData")):
        return change
    before = None if change.before is None else HIDDEN
    after = None if change.after is None else f"{HIDDEN}, another value"
    return Change(path=change.path, before=before, after=after)
