"""The reasons of a verdict, as a table."""

from typing import TYPE_CHECKING

from opskit.core.findings import Data
from opskit.core.tables import frame
from opskit.systems.calico.reach.verdict import Consulted, Decision, Verdict

if TYPE_CHECKING:
    from pandas import DataFrame


class _Line(Data, frozen=True):
    direction: str
    tier: str
    policy: str
    rule: str
    outcome: str
    text: str


def why_frame(verdict: Verdict) -> "DataFrame":
    """Every policy that was asked, in order, and each direction's decision after them.

    Returns:
        direction, tier, policy, rule, outcome, text (str).

    """
    lines = [line for side in (verdict.egress, verdict.ingress) for line in _lines(side)]
    return frame(lines, {name: (name, "str") for name in _Line.__struct_fields__})


def _lines(decision: Decision) -> list[_Line]:
    asked = [_asked(decision.direction, each) for each in decision.consulted]
    word = "allowed" if decision.allowed else "denied"
    last = _Line(
        direction=decision.direction,
        tier=decision.tier,
        policy="",
        rule="",
        outcome=word,
        text=" ".join((decision.text, *(f"Unsupported: {each}." for each in decision.unsupported))),
    )
    return [*asked, last]


def _asked(direction: str, each: Consulted) -> _Line:
    rule = "" if each.index is None else f"spec.{direction}[{each.index}]"
    return _Line(
        direction=direction,
        tier=each.tier,
        policy=str(each.policy),
        rule=rule,
        outcome=each.outcome,
        text=each.note,
    )
