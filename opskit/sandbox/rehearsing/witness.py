"""A question to a system's own tool, and what its answer must be. opskit's readers have no part in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from opskit.sandbox.rehearsing.shown import Shown
from opskit.sandbox.site import Site

Json = dict[str, Any]
Parameters = Mapping[str, Any]
"""The runbook's parameters."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a tool said: before the fault, and at the end."""

    before: str
    after: str
    parameters: Parameters
    shown: Shown = field(default_factory=Shown)
    """What the run's notebook showed."""

    @property
    def json(self) -> Any:
        """What it said at the end, parsed."""
        return msgspec.json.decode(self.after)

    @property
    def items(self) -> list[Json]:
        """The items of the list that it printed at the end."""
        return self.json["items"]


def _nothing(_: Site) -> dict[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Witness:
    """One question."""

    command: str
    """The tool and its words, one space apart; `{name}` stands for the runbook's parameter of that name."""
    asked: Callable[[Site, Parameters], str] | None = None
    """Asks where no single command can, as a login of several steps; `command` then tells what it does."""
    judge: Callable[[Answers], Iterator[str]]
    """Pure: what is wrong, a clause each; nothing where all is as it must be, or as was shown."""
    env: Callable[[Site], dict[str, str]] = field(default=_nothing)
    """What the tool must know besides KUBECONFIG, e.g. a token."""
    none: str = ""
    """What a tool that fails says when there is nothing to show, which is an answer, too."""

    def words(self, parameters: Parameters) -> list[str]:
        """The command line with the parameters filled in."""
        return [word.format(**parameters) for word in self.command.split(" ")]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness said at the end."""

    command: str
    well: bool
    said: str
    """What is wrong, in words; empty where all is well."""
