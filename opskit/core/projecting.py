"""A model reduced to some of its fields: what is not asked for is skipped while decoding, and never made."""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo


@cache
def narrowed(model: type[Any], paths: frozenset[Any]) -> type[Any] | None:
    """The model with the fields on these paths alone.

    Args:
        model: a `msgspec.Struct`.
        paths: attribute paths such as `metadata.name`.

    Returns:
        A struct whose attributes decode as the model's do; None where a path is no text, or leads
        through what is no field (a property, a list), so that the whole model is needed.

    """
    if not all(isinstance(path, str) for path in paths):
        return None
    wanted: dict[str, set[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        wanted.setdefault(head, set()).add(rest)
    known = {field.name: field for field in msgspec.structs.fields(model)}
    fields: list[Any] = []
    for name, rests in wanted.items():
        made = _field(known[name], rests) if name in known else None
        if made is None:
            return None
        fields.append(made)
    return msgspec.defstruct(
        f"{model.__name__}Columns",
        fields,
        rename={name: known[name].encode_name for name in wanted},
        frozen=True,
        kw_only=True,
        gc=False,
    )


def _field(field: FieldInfo, rests: set[str]) -> Any:
    if "" in rests:
        return _with_default(field, field.type, field.default, field.default_factory)
    inner = _struct_of(field.type)
    child = narrowed(inner, frozenset(rests)) if inner else None
    if child is None:
        return None
    if type(None) in get_args(field.type):
        return _with_default(field, child | None, field.default, field.default_factory)
    optional = not field.required
    return (field.name, child, msgspec.field(default_factory=child)) if optional else (field.name, child)


def _with_default(field: FieldInfo, kind: Any, default: Any, factory: Any) -> Any:
    if default is not msgspec.NODEFAULT:
        return (field.name, kind, default)
    if factory is not msgspec.NODEFAULT:
        return (field.name, kind, msgspec.field(default_factory=factory))
    return (field.name, kind)


def _struct_of(kind: Any) -> type[Any] | None:
    """The struct that a field holds, itself or None."""
    choices = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    found = [each for each in choices if each is not type(None)]
    held = found[0] if len(found) == 1 else None
    return held if isinstance(held, type) and issubclass(held, msgspec.Struct) else None
