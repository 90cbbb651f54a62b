"""Kubernetes label selectors: parsed once, matched locally, so that a snapshot filters as a server does.

Follows https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors.
"""

import re
from collections.abc import Mapping

from opskit.core.errors import BadValue
from opskit.core.findings import Data


class Requirement(Data, frozen=True):
    """One term of a selector."""

    key: str
    operator: str
    """`in`, `notin`, `exists` or `absent`."""
    values: tuple[str, ...] = ()


Selector = tuple[Requirement, ...]

_TERM = re.compile(r"\s*([^,()]+(?:\([^)]*\))?)\s*(?:,|$)")
_SET = re.compile(r"^(\S+)\s+(in|notin)\s+\(([^)]*)\)$")
_EQUALITY = re.compile(r"^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$")
_KEY = re.compile(r"^!?\s*[A-Za-z0-9./_-]+$")


def parse(text: str | None) -> Selector:
    """Parse a selector string; None and "" select everything.

    Raises:
        BadValue: it is no label selector.

    """
    return tuple(_requirement(term.strip(), text or "") for term in _TERM.findall(text or "") if term.strip())


def _requirement(term: str, whole: str) -> Requirement:
    if found := _SET.match(term):
        values = tuple(value.strip() for value in found[3].split(","))
        return Requirement(key=found[1], operator=found[2], values=values)
    if found := _EQUALITY.match(term):
        return Requirement(key=found[1], operator="notin" if found[2] == "!=" else "in", values=(found[3],))
    if _KEY.match(term):
        absent = term.startswith("!")
        return Requirement(key=term.lstrip("! "), operator="absent" if absent else "exists")
    raise BadValue(
        f"{whole!r} is not a label selector: {term!r} can't be read.", hint="write e.g. app=web,tier!=db"
    )


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether an object with these labels is selected."""
    return all(_holds(requirement, labels) for requirement in selector)


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "in":
            return value in requirement.values
        case "notin":
            return value not in requirement.values
        case "exists":
            return value is not None
        case _:
            return value is None
