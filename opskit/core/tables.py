"""Frames with declared dtypes, from structs and from Prometheus' answers.

The only room of the core that loads pandas; it does so on the first call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.errors import BadAnswer, BadValue

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

Getter = str | Callable[[Any], Any]
Columns = Mapping[str, tuple[Getter, str]]
"""Column name → (attribute path such as `metadata.name`, or a function of the struct; dtype)."""

TIME = "datetime64[us, UTC]"
DTYPES = frozenset(
    {"str", "object", "bool", "boolean", "int64", "Int64", "int32", "float64", "float32", "category", TIME}
)
"""Allowed dtypes. `Int64` and `boolean` hold missing values; `int64`, `int32` and `bool` do not."""


def frame(structs: Iterable[T], columns: Columns) -> "pd.DataFrame":
    """A frame with one row for each struct, typed even when there is none.

    Args:
        structs: what a list or a facts struct holds.
        columns: name → (getter, dtype), e.g. `{"pod": ("metadata.name", "str")}`; dtypes are those
            of `DTYPES`. A getter that meets None on its path gives a missing value.

    Returns:
        The columns in the given order and dtypes; index 0 … n-1.

    Raises:
        BadValue: an unknown dtype, or a value that its dtype can't hold.

    """
    filling = Filling(columns)
    filling.add(structs if isinstance(structs, Sequence) else list(structs))
    return filling.frame()


class Filling:
    """A frame in the making: only the columns' values are kept.

    Args:
        columns: as of `frame`.

    """

    def __init__(self, columns: Columns) -> None:
        for name, (_, dtype) in columns.items():
            if dtype not in DTYPES:
                raise BadValue(
                    f"The column {name!r} has the dtype {dtype!r}.", hint=f"use one of {sorted(DTYPES)}"
                )
        self._columns = columns
        self._values: dict[str, list[Any]] = {name: [] for name in columns}
        self._rows = 0

    def add(self, structs: Sequence[Any]) -> None:
        """Add a row for each struct."""
        self._rows += len(structs)
        for name, (getter, _) in self._columns.items():
            self._values[name] += _values(structs, getter)

    def frame(self) -> "pd.DataFrame":
        """The frame; a column's values are let go of as soon as it is made.

        Raises:
            BadValue: a value that its dtype can't hold.

        """
        import pandas as pd

        made = {
            name: _series(name, self._values.pop(name), dtype) for name, (_, dtype) in self._columns.items()
        }
        return pd.DataFrame(made, copy=False) if made else pd.DataFrame(index=range(self._rows))


def _series(name: str, values: list[Any], dtype: str) -> "pd.Series":
    import pandas as pd

    try:
        if dtype == TIME:
            return pd.Series(pd.to_datetime(values, utc=True).astype(TIME), name=name)
        return pd.Series(values, name=name, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadValue(
            f"The column {name!r} can't be {dtype}: {error}", hint="declare a dtype that holds missing values"
        ) from error


def _values(rows: Sequence[Any], getter: Getter) -> list[Any]:
    if not isinstance(getter, str):
        return [getter(row) for row in rows]
    get = attrgetter(getter)
    try:
        return [get(row) for row in rows]
    except AttributeError:
        return [_along(row, getter.split(".")) for row in rows]


def _along(value: Any, path: Sequence[str]) -> Any:
    """The attribute at the end of the path; None where an optional part is None."""
    for name in path:
        if value is None:
            return None
        value = getattr(value, name)
    return value


_YEAR_9999 = 253_402_300_799
"""Seconds since 1970."""

_Labelled = tuple[dict[str, str], list[tuple[float, str]]]
"""A series' labels and its samples, as (seconds since 1970, text)."""


class _Series(msgspec.Struct, frozen=True):
    metric: dict[str, str] = {}
    values: list[tuple[float, str]] | None = None
    """Of a range query."""
    value: tuple[float, str] | None = None
    """Of an instant query."""


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    result_type: str = ""
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    status: str = ""
    data: _Data = _Data()
    error: str = ""
    error_type: str = ""


def series_frame(body: bytes) -> "pd.DataFrame":
    """A frame of Prometheus' answer to an instant or range query.

    Args:
        body: the raw answer, as `Cluster.metrics` gives it.

    Returns:
        `time` (datetime64[us, UTC]), one `str` column for each label, in alphabetical order
        (a label that a series lacks is missing), `value` (float64; NaN and ±Inf as Prometheus says).
        An answer without series gives `time` and `value` and no rows.

    Raises:
        BadAnswer: no answer of Prometheus, or its error.

    Source: https://prometheus.io/docs/prometheus/latest/querying/api/.

    """
    try:
        return _frame_of(_series_of(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise BadAnswer(
            f"This is no answer of Prometheus: {error}. It begins {body[:60]!r}.",
            hint="check that the address is Prometheus' own",
        ) from error


def _frame_of(found: list[_Labelled]) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    counts = [len(points) for _, points in found]
    points = [point for _, each in found for point in each]
    labels = sorted({label for metric, _ in found for label in metric})
    seconds = np.array([point[0] for point in points], dtype="float64")
    if not (np.abs(seconds) <= _YEAR_9999).all():
        raise ValueError("a sample's time lies outside of the calendar")
    columns: dict[str, Any] = {
        "time": pd.to_datetime((seconds * 1e6).round().astype("int64"), unit="us", utc=True)
    }
    for label in labels:
        columns[_column(label)] = _repeated([metric.get(label) for metric, _ in found], counts)
    columns["value"] = np.array([point[1] for point in points], dtype="float64")
    return pd.DataFrame(columns).astype({"time": TIME})


def _column(label: str) -> str:
    """Labels named as our own columns are told apart."""
    return f"label_{label}" if label in ("time", "value") else label


def _repeated(values: list[str | None], counts: list[int]) -> Any:
    import numpy as np
    import pandas as pd

    return (
        pd.Series(values, dtype="str").take(np.repeat(np.arange(len(counts)), counts)).reset_index(drop=True)
    )


def _series_of(body: bytes) -> list[_Labelled]:
    answer = decoder_for(_Answer).decode(body)
    if answer.status != "success":
        raise BadAnswer(
            f"Prometheus refused the query: {answer.error or answer.status or 'no reason given'}",
            hint="check the PromQL",
        )
    if answer.data.result_type in ("scalar", "string"):
        return [({}, [decoder_for(tuple[float, str]).decode(answer.data.result)])]
    series = decoder_for(list[_Series]).decode(answer.data.result)
    return [(each.metric, each.values or ([each.value] if each.value else [])) for each in series]
