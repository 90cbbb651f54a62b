"""A runbook's parameters: declared once, checked before a kernel starts, shown as a form.

`Parameter.parse` reads one value; `read` reads all and reports every problem at once.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, cast

import msgspec

from opskit.core.errors import BadValue, OpsError, UnknownName
from opskit.core.findings import Data
from opskit.runner.values import SORTS, Value

TypeName = Literal[
    "text", "integer", "number", "boolean", "choice", "duration", "quantity", "percentage", "list", "secret"
]
ORDERED = frozenset({"integer", "number", "duration", "quantity", "percentage"})
"""The types that have a minimum and a maximum."""


class Parameter(Data, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One parameter of a runbook, as it stands in `metadata.opskit.parameters`."""

    name: str
    """A Python identifier: the variable of the notebook's parameters cell."""
    type: TypeName = "text"
    description: str = ""
    default: Any = msgspec.UNSET
    """In the form in which a person writes it; absent: required; null: may be left out."""
    of: TypeName = "text"
    """A list's type of item."""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    """A regular expression that the whole text matches."""
    minimum: str | int | float | None = None
    """In the parameter's own form: `3`, `90s`, `10Gi`, `85%`. A list's is for each item."""
    maximum: str | int | float | None = None
    min_items: int | None = None
    max_items: int | None = None
    unit: str = ""
    """The unit of an integer or a number, e.g. `seconds`; shown beside the field."""

    @property
    def required(self) -> bool:
        """Whether a run must give it."""
        return self.default is msgspec.UNSET

    @property
    def item_type(self) -> TypeName:
        """The type of one value: of an item, for a list."""
        return self.of if self.type == "list" else self.type

    @property
    def expects(self) -> str:
        """What a person should write, bounds included."""
        one = " | ".join(self.choices) if self.choices else SORTS[self.item_type].expects
        unit = f" in {self.unit}" if self.unit else ""
        bounds = "".join(
            f", {word} {bound}"
            for word, bound in (("at least", self.minimum), ("at most", self.maximum))
            if bound is not None
        )
        form = f", matching {self.pattern}" if self.pattern else ""
        many = "a comma-separated list, each " if self.type == "list" else ""
        return f"{many}{one}{unit}{bounds}{form}"

    def parse(self, value: Any) -> Value:
        """Read raw text, or check a Python value, by the declared type.

        Returns:
            text, choice: str. integer: int. number: float. boolean: bool. duration: int, in
            seconds. quantity: int, in base units (bytes). percentage: float, 0.85 for 85%.
            secret: the reference. list: a list of these. None where the default is null.

        Raises:
            BadValue: names the parameter, the value (never a secret's) and what is expected.

        """
        if value is None and self.default is None:
            return None
        return self._list(value) if self.type == "list" else self._one(value)

    def show(self, value: Any) -> Any:
        """A parsed value's canonical form: `2h30m`, `10Gi`, `85%`; what is injected and saved."""
        if value is None:
            return None
        show = SORTS[self.item_type].show
        return [show(item) for item in value] if self.type == "list" else show(value)

    def bad(self, value: Any, why: str = "") -> BadValue:
        """The error that says what is wrong with a value."""
        shown = "what was given (not shown)" if SORTS[self.item_type].secret else repr(value)
        return BadValue(
            f"Parameter {self.name!r}: {shown} is not {self.expects}{why}.",
            where=self.description,
            hint=f"give it as -p {self.name}=VALUE",
        )

    def _one(self, value: Any) -> Value:
        sort = SORTS[self.item_type]
        try:
            found = sort.read(value)
        except (ValueError, OverflowError):
            quoted = " (write it in quotes)" if sort.schema == "string" and not isinstance(value, str) else ""
            raise self.bad(value, quoted) from None
        if not self._within(found):
            raise self.bad(value)
        return found

    def _within(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return False
        read = SORTS[self.item_type].read
        low = self.minimum is None or value >= cast("float", read(self.minimum))
        return low and (self.maximum is None or value <= cast("float", read(self.maximum)))

    def _list(self, value: Any) -> Value:
        items = _split(value) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise self.bad(value)
        few = self.min_items is not None and len(items) < self.min_items
        if few or (self.max_items is not None and len(items) > self.max_items):
            raise self.bad(value, f"; it has {len(items)} items of {self.min_items or 0} to {self.max_items}")
        return [self._one(item) for item in cast("list[Any]", items)]


def _split(text: str) -> Any:
    """Items of raw text: `a,b`, or a JSON array, whose numbers stay the text that they were."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            return None
    return [item.strip() for item in text.split(",")] if text.strip() else []


CLUSTER = Parameter(
    name="cluster",
    default="demo",
    description="demo, a snapshot's path, a name in opskit.toml, or a kubeconfig context",
)
"""Every runbook has this parameter, declared or not."""


def problems(parameters: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, OpsError]:
    """What is wrong with the values given, by parameter, unknown names and missing values included."""
    known = {parameter.name: parameter for parameter in parameters}
    unknown: dict[str, OpsError] = {
        name: UnknownName.among("parameter", name, known) for name in given if name not in known
    }
    wrong = {name: _problem(parameter, given) for name, parameter in known.items()}
    return unknown | {name: error for name, error in wrong.items() if error}


def _problem(parameter: Parameter, given: Mapping[str, Any]) -> OpsError | None:
    if given.get(parameter.name) is None and (parameter.required or parameter.name not in given):
        return _missing(parameter) if parameter.required else None
    try:
        parameter.parse(given[parameter.name])
    except BadValue as error:
        return error
    return None


def _missing(parameter: Parameter) -> BadValue:
    return BadValue(
        f"Parameter {parameter.name!r} is required: {parameter.expects}.",
        where=parameter.description,
        hint=f"give it as -p {parameter.name}=VALUE",
    )


def read(parameters: Iterable[Parameter], given: Mapping[str, Any], *, where: str = "") -> dict[str, Value]:
    """Every parameter's value: those given, parsed, and the defaults of the others.

    Args:
        parameters: as declared.
        given: raw text or Python values by name.
        where: the runbook's name, for messages.

    Raises:
        UnknownName, BadValue: the one thing that is wrong, or a BadValue that lists them all.

    """
    declared = tuple(parameters)
    wrong = list(problems(declared, given).values())
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        lines = "".join(f"\n  - {error}" for error in wrong)
        raise BadValue(f"{len(wrong)} parameters are wrong:{lines}", where=where)
    return {each.name: each.parse(given.get(each.name, each.default)) for each in declared}


def show(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of every value that is declared."""
    return {each.name: each.show(values[each.name]) for each in parameters if each.name in values}


def property_schema(parameter: Parameter) -> dict[str, Any]:
    """JSON Schema (2020-12) of one parameter's canonical form."""
    item: dict[str, Any] = {"type": SORTS[parameter.item_type].schema}
    bounded = parameter.item_type in {"integer", "number"}
    extras: tuple[tuple[str, Any, Callable[[], bool]], ...] = (
        ("enum", list(parameter.choices), lambda: bool(parameter.choices)),
        ("pattern", f"^(?:{parameter.pattern})$", lambda: bool(parameter.pattern)),
        ("minimum", parameter.minimum, lambda: bounded and parameter.minimum is not None),
        ("maximum", parameter.maximum, lambda: bounded and parameter.maximum is not None),
    )
    item |= {name: value for name, value, present in extras if present()}
    whole = {"type": "array", "items": item} if parameter.type == "list" else item
    whole |= {"description": parameter.description, "x-opskit-type": parameter.type}
    return whole if parameter.required else whole | {"default": parameter.default}


def json_schema(parameters: Iterable[Parameter], *, title: str) -> dict[str, Any]:
    """JSON Schema (https://json-schema.org/draft/2020-12/schema) of all parameters together."""
    declared = tuple(parameters)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {each.name: property_schema(each) for each in declared},
        "required": [each.name for each in declared if each.required],
        "additionalProperties": False,
    }
