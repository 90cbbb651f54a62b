"""What one runbook is rehearsed on, and by what it is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opskit.sandbox.rehearsing.outcome import By
from opskit.sandbox.rehearsing.witness import Witness
from opskit.sandbox.sandbox import Sandbox


def as_it_is(_: Sandbox) -> None:
    """Leave it as it is."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What one runbook is rehearsed on."""

    profile: str
    fault: str = ""
    """What is broken first; empty where the runbook is for a sound system, too."""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the fault."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the runbook: those that the finding does not tell."""
    enter: Callable[[Sandbox], None] = as_it_is
    """What is there before, besides the fault."""
    mend: Callable[[Sandbox], None] = as_it_is
    """Takes back, in a sandbox that was lent, what `enter` made and what the runbook leaves on purpose."""
    goal: Sequence[Witness] = ()
    """What must be true once the runbook has reached its goal."""
    maintenance: bool = False
    """Whether the goal alone counts: a maintenance ends with something that is out of use on purpose."""
    answer: Sequence[Witness] = ()
    """What says whether the answer of a runbook that only answers is right. It alone counts: whether all is
    well is what the system's health runbook is rehearsed for."""

    @property
    def judged_by(self) -> By:
        """What is judged at the end."""
        return "answer" if self.answer else "goal" if self.maintenance else "whole"

    def witnesses(self, whole: Sequence[Witness]) -> Sequence[Witness]:
        """Who is asked at the end.

        Args:
            whole: those that say whether the system is well.

        """
        return self.answer or (self.goal if self.maintenance else (*self.goal, *whole))
