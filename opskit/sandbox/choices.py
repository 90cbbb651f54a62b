"""What can be chosen of a profile, and what was chosen on the command line."""

import ast
import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from opskit.core.errors import BadValue, UnknownName
from opskit.sandbox.part import option_names
from opskit.sandbox.profiles import Profile


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One option of a profile."""

    name: str
    default: Any
    meaning: str
    """The docstring under the option's field."""
    switch: bool
    """Whether it is on or off, and takes no value."""


def choices(profile: Profile) -> list[Choice]:
    """All options of all parts of a profile."""
    return [choice for part in profile.parts for choice in _choices_of(part.options)]


def _choices_of(options: type[msgspec.Struct]) -> list[Choice]:
    meanings = _docstrings(options)
    return [
        Choice(
            name=field.name,
            default=field.default,
            meaning=meanings.get(field.name, ""),
            switch=field.type is bool,
        )
        for field in msgspec.structs.fields(options)
    ]


def _docstrings(options: type[msgspec.Struct]) -> dict[str, str]:
    """The docstring under each field."""
    (body,) = ast.parse(inspect.getsource(options)).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match (field, below):
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found


def given(profile: Profile, arguments: Sequence[str]) -> dict[str, Any]:
    """The options among command-line arguments: `--mons 3`, `--mons=3`, `--mds`, `--no-prometheus`.

    Raises:
        UnknownName: the profile has no such option.
        BadValue: an option lacks its value, or a value belongs to no option.

    """
    known = {choice.name: choice for choice in choices(profile)}
    found: dict[str, Any] = {}
    left = list(arguments)
    while left:
        flag, assigned, value = left.pop(0).partition("=")
        name = flag.removeprefix("--").replace("-", "_")
        off = name.removeprefix("no_") if name.startswith("no_") else ""
        if not flag.startswith("--"):
            raise BadValue(
                f"{flag!r} belongs to no option.", where="the command line", hint="write --NAME VALUE."
            )
        if off in known and known[off].switch:
            found[off] = False
        elif name not in known:
            raise UnknownName.among(
                f"option of the profile {profile.name}", name, option_names(profile.parts)
            )
        elif known[name].switch and not assigned:
            found[name] = True
        elif not assigned and not left:
            raise BadValue(f"{flag} lacks its value.", where="the command line", hint=f"write {flag} VALUE.")
        else:
            found[name] = value if assigned else left.pop(0)
    return found
