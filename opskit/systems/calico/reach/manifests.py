"""Fields of a policy's manifest that the server's strict validation would reject.

Decoding ignores unknown fields, as the server does without strict validation; then a misplaced `matchLabels`
leaves an empty podSelector, which selects every pod of the namespace.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from opskit.core.findings import Data
from opskit.systems.calico import kinds
from opskit.systems.calico.reach.objects import model_of

_CHECKED = frozenset(
    kind.model
    for kind in (
        kinds.NETWORK_POLICY,
        kinds.ADMIN_NETWORK_POLICY,
        kinds.BASELINE_ADMIN_NETWORK_POLICY,
        kinds.CLUSTER_NETWORK_POLICY,
        kinds.CALICO_NETWORK_POLICY,
        kinds.GLOBAL_NETWORK_POLICY,
        kinds.STAGED_NETWORK_POLICY,
        kinds.STAGED_GLOBAL_NETWORK_POLICY,
        kinds.STAGED_KUBERNETES_NETWORK_POLICY,
        kinds.TIER,
        kinds.NETWORK_SET,
        kinds.GLOBAL_NETWORK_SET,
        kinds.HOST_ENDPOINT,
    )
)
_TOP = frozenset(("apiVersion", "kind", "metadata", "spec", "status"))


class UnknownField(Data, frozen=True):
    """A field that the kind does not have."""

    path: str
    """E.g. `spec.matchLabels`."""
    hint: str = ""

    @property
    def text(self) -> str:
        """As a sentence."""
        return f"unknown field {self.path}: strict validation rejects it{self.hint and '; ' + self.hint}"


def unknown_fields(manifest: Mapping[str, Any]) -> tuple[UnknownField, ...]:
    """Fields that the released schema of the policy's kind does not have; none for other kinds.

    Args:
        manifest: a raw object, such as a document of a YAML file.

    """
    model = model_of(manifest)
    if model is None or model not in _CHECKED:
        return ()
    top = (UnknownField(path=key) for key in manifest if key not in _TOP)
    spec = next(field for field in _fields(model) if field.encode_name == "spec")
    return (*top, *_walk(manifest.get("spec"), spec.type, "spec"))


def _fields(model: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(model)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _walk(value: object, kind: inspect.Type, path: str) -> Iterator[UnknownField]:
    """Walk a value along the type that it should have."""
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _walk(value, each, path)
    elif isinstance(kind, inspect.StructType) and isinstance(value, dict):
        yield from _struct(value, kind, path)
    elif isinstance(kind, inspect.ListType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, kind.item_type, f"{path}[{index}]")


def _struct(value: dict[str, object], kind: inspect.StructType, path: str) -> Iterator[UnknownField]:
    known = {field.encode_name: field.type for field in kind.fields}
    for key, item in value.items():
        if key in known:
            yield from _walk(item, known[key], f"{path}.{key}")
        else:
            yield UnknownField(path=f"{path}.{key}", hint=_hint(key, known))


def _hint(key: str, known: Mapping[str, inspect.Type]) -> str:
    """Where the field would belong, when it was only put one level too high."""
    homes = [name for name, kind in known.items() if key in _names(kind)]
    return f"it belongs inside {' or '.join(homes)}" if homes else ""


def _names(kind: inspect.Type) -> set[str]:
    if isinstance(kind, inspect.UnionType):
        return {name for each in kind.types for name in _names(each)}
    return {field.encode_name for field in kind.fields} if isinstance(kind, inspect.StructType) else set()
