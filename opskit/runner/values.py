"""The types that a runbook's parameter can have: how each is read from raw text and written back.

A value is always read from its raw text by the declared type, so `1.30` stays text where text is
declared and `false` is never the truthy string `'false'`. Quantities follow
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

Value = str | int | float | bool | list[Any] | None

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DURATION = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")
_QUANTITY = re.compile(r"(\d{1,20}(?:\.\d{1,9})?)(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?")
_PERCENTAGE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s?%")
_REFERENCE = re.compile(r"(env|file|vault):\S.*")

_SECONDS = (86400, 3600, 60, 1)
_SUFFIXES = {
    "": 1,
    **{suffix: 1024 ** (power + 1) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
    **{suffix: 1000 ** (power + 1) for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"))},
}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Sort:
    """One type of value."""

    expects: str
    """What a person should write, with an example."""
    from_text: Callable[[str], Value]
    """Read raw text; ValueError when it can't be."""
    from_python: Callable[[Any], Value]
    """Take a value that is no text; ValueError when it is of another type."""
    show: Callable[[Any], Value] = lambda value: value
    """The canonical form: what is injected into the notebook, hashed and saved."""
    schema: str = "string"
    """JSON Schema's type of the canonical form."""
    secret: bool = False
    """Whether a wrong value must not be repeated in a message."""

    def read(self, value: Any) -> Value:
        """Read raw text, or take a Python value, by the same rules.

        Raises:
            ValueError: it is no value of this type.

        """
        return self.from_text(value) if isinstance(value, str) else self.from_python(value)


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text.strip())
    if not found or not found.group():
        raise ValueError(text)
    return found


def _refuse(value: Any) -> Value:
    raise ValueError(value)


def _integer_of(value: Any) -> Value:
    return value if isinstance(value, int) and not isinstance(value, bool) else _refuse(value)


def _number(text: str) -> Value:
    return _number_of(float(_matched(_NUMBER, text).group()))


def _number_of(value: Any) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _boolean(text: str) -> Value:
    if text.strip().lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.strip().lower()]


def _boolean_of(value: Any) -> Value:
    return value if isinstance(value, bool) else _refuse(value)


def _duration(text: str) -> Value:
    parts = _matched(_DURATION, text).groups()
    return sum(int(part or 0) * unit for part, unit in zip(parts, _SECONDS, strict=True))


def _duration_of(value: Any) -> Value:
    if not isinstance(value, timedelta) or value.microseconds or value < timedelta():
        raise ValueError(value)
    return int(value.total_seconds())


def show_duration(seconds: int) -> str:
    """`9000` as `2h30m`."""
    left, text = seconds, ""
    for unit, name in zip(_SECONDS, "dhms", strict=True):
        count, left = divmod(left, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"


def _quantity(text: str) -> Value:
    number, suffix = _matched(_QUANTITY, text).groups()
    whole = Fraction(number) * _SUFFIXES[suffix or ""]
    return whole.numerator if whole.denominator == 1 else _refuse(text)


def _quantity_of(value: Any) -> Value:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def show_quantity(units: int) -> str:
    """`10737418240` as `10Gi`: the shortest text that is exact."""
    exact = [f"{units // factor}{suffix}" for suffix, factor in _SUFFIXES.items() if units % factor == 0]
    return min(exact, key=len) if units else "0"


def _percentage(text: str) -> Value:
    return float(Decimal(_matched(_PERCENTAGE, text).group(1)) / 100)


def show_percentage(ratio: float) -> str:
    """`0.85` as `85%`."""
    percent = (Decimal(repr(ratio)) * 100).normalize()
    return f"{percent:f}%"


def _reference(text: str) -> Value:
    return _matched(_REFERENCE, text).group()


SORTS: dict[str, Sort] = {
    "text": Sort("text", lambda text: text, _refuse),
    "integer": Sort(
        "a whole number such as 3",
        lambda t: int(_matched(_INTEGER, t).group()),
        _integer_of,
        schema="integer",
    ),
    "number": Sort("a number such as 2.5", _number, _number_of, schema="number"),
    "boolean": Sort("true or false", _boolean, _boolean_of, schema="boolean"),
    "choice": Sort("one of the choices", lambda text: text.strip(), _refuse),
    "duration": Sort(
        "a duration in whole seconds such as 90s or 2h30m", _duration, _duration_of, show_duration
    ),
    "quantity": Sort("a quantity such as 10Gi or 500M", _quantity, _quantity_of, show_quantity),
    "percentage": Sort("a percentage such as 85%", _percentage, _refuse, show_percentage),
    "secret": Sort(
        "a reference to a secret: env:NAME, file:PATH or vault:PATH#KEY", _reference, _refuse, secret=True
    ),
}
"""Every type but `list`, which is made of one of these."""
