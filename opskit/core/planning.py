"""Planners that need more than a system's facts: what they ask is told apart from what they decide.

A planner is pure. Where it depends on the answer to a question about its own parameters (may this
OSD stop? what runs on this host?), the question is its `look`; the runner asks it right before it
plans and hands the answers over as further keyword arguments.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from opskit.core.plan import Draft

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

Look = Callable[..., dict[str, Any]]
"""`(cluster, **parameters) -> further keyword arguments`. It reads; it never changes anything."""

PlannerT = TypeVar("PlannerT", bound=Callable[..., Draft])

_LOOK = "__opskit_look__"


def looks(look: Look) -> Callable[[PlannerT], PlannerT]:
    """Decorator: before this planner is called, ask `look` with the same parameters."""

    def keep(planner: PlannerT) -> PlannerT:
        setattr(planner, _LOOK, look)
        return planner

    return keep


def draft(cluster: "Cluster", planner: Callable[..., Draft], facts: Any, **parameters: Any) -> Draft:
    """Ask what the planner needs to know, then plan.

    Args:
        cluster: where to ask.
        planner: a system's planner.
        facts: the system's facts.
        parameters: the planner's own.

    Raises:
        Refused: an interlock said no.
        ReadError: what it must know could not be read.

    """
    look: Look | None = getattr(planner, _LOOK, None)
    answers = look(cluster, **parameters) if look else {}
    return planner(facts, **parameters, **answers)
