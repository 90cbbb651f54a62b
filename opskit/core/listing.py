"""Lists, page by page: as structs, or filled straight into the columns of a frame."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from opskit.core import projecting, selectors
from opskit.core.answers import decode, decoder_for
from opskit.core.errors import ListExpired
from opskit.core.kinds import Kind, Object
from opskit.core.reads import ListObjects, Reader

if TYPE_CHECKING:
    import pandas as pd

    from opskit.core.tables import Columns

T = TypeVar("T", bound=Object)
R = TypeVar("R")

RESTARTS = 3
"""How often a list that the server forgot while it was paged is begun anew."""
_FILTERED_BY = ("metadata.namespace", "metadata.labels")


def structs(reader: Reader, read: ListObjects, kind: Kind[T], *, deadline: float) -> list[T]:
    """Every object, in the server's order."""

    def collect(seconds: float) -> list[T]:
        pages = _pages(reader, read, kind.model, kind.plural, seconds)
        return [item for page in pages for item in page]

    return _again(collect, deadline)


def table(
    reader: Reader, read: ListObjects, kind: Kind[Any], columns: "Columns", *, deadline: float
) -> "pd.DataFrame":
    """The columns of every object; an object is let go of as soon as its columns are filled."""
    from opskit.core.tables import Filling

    model = _needed(kind, read, columns)

    def collect(seconds: float) -> "pd.DataFrame":
        filling = Filling(columns)
        for page in _pages(reader, read, model, kind.plural, seconds):
            filling.add(page)
        return filling.frame()

    return _again(collect, deadline)


def _needed(kind: Kind[Any], read: ListObjects, columns: Mapping[str, tuple[Any, str]]) -> type[Any]:
    """The fields of the kind that the columns ask for; all where a column is computed."""
    paths = {getter for getter, _ in columns.values()}
    if read.namespace is not None or read.selector:
        paths |= set(_FILTERED_BY)
    return projecting.narrowed(kind.model, frozenset(paths)) or kind.model


def _again(collect: Callable[[float], R], deadline: float) -> R:
    until = time.monotonic() + deadline
    for _ in range(RESTARTS):
        try:
            return collect(until - time.monotonic())
        except ListExpired:
            continue
    return collect(until - time.monotonic())


def _pages(
    reader: Reader, read: ListObjects, model: type[Any], plural: str, deadline: float
) -> Iterator[list[Any]]:
    decoder, wanted = _decoder(model), selectors.parse(read.selector)
    narrow = read.namespace is not None or bool(wanted)
    for page in reader.pages(read, deadline=deadline):
        items: list[Any] = decode(page, decoder, where=f"list of {plural}").items or []
        yield [item for item in items if _belongs(item, read.namespace, wanted)] if narrow else items


@cache
def _decoder(model: type[Any]) -> Any:
    """Made once for each model: making one costs as much as decoding dozens of objects."""
    fields: list[tuple[str, Any, Any]] = [("items", list[model] | None, None)]
    return decoder_for(msgspec.defstruct(f"{model.__name__}Page", fields, frozen=True))


def _belongs(item: Any, namespace: str | None, wanted: selectors.Selector) -> bool:
    about = item.metadata
    return (namespace is None or about.namespace == namespace) and selectors.matches(
        wanted, about.labels or {}
    )
