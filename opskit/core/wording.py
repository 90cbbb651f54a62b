"""How numbers, names and spans of time are worded for a person."""

import re
from collections.abc import Iterable
from datetime import timedelta

HOURS_TOLD = 48
"""From so many hours on, a span is told in days."""


def some(names: Iterable[str], *, at_most: int = 6) -> str:
    """A list for people: the first few, and how many more."""
    every = list(names)
    shown = ", ".join(every[:at_most])
    return f"{shown} and {len(every) - at_most} more" if len(every) > at_most else shown


def count(number: int, noun: str, verb: str = "") -> str:
    """`1 OSD`, `2 OSDs`; `1 policy`, `2 policies`; with a verb `1 pod is`, `2 pods are`.

    Args:
        number: of things.
        noun: one of them.
        verb: what one of them does: `is`, `has`, `needs`.

    """
    if number == 1:
        return f"1 {noun} {verb}".rstrip()
    return f"{number:,} {_plural(noun)} {_of_many(verb)}".rstrip()


def _of_many(verb: str) -> str:
    return {"is": "are", "has": "have", "does": "do"}.get(verb, verb.removesuffix("s"))


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def spoken(span: timedelta) -> str:
    """`less than a minute`, `12 min`, `3 h 20 min`, `4 days`."""
    minutes = int(span / timedelta(minutes=1))
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours // 24} days" if hours >= HOURS_TOLD else f"{hours} h {rest} min"


def first_sentence(text: str) -> str:
    """What comes before the first full stop: of an error what is wrong, not where, nor what next."""
    return re.split(r"\.(?=\s|$)", text, maxsplit=1)[0]
