"""What every system's room offers, so that findings, captures and runs treat all alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from opskit.core.conditions import Conditions
from opskit.core.findings import Finding

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

FactsT = TypeVar("FactsT")


@dataclass(frozen=True)
class System(Generic[FactsT]):
    """One system's room; its module `system.py` holds it as `SYSTEM`."""

    name: str
    facts: "Callable[[Cluster], FactsT]"
    """Read everything that the checks judge. Parts that can't be read are facts too."""
    checks: Callable[[FactsT], list[Finding]]
    """Pure: all findings, causes before their symptoms."""
    conditions: Conditions
    record: "Callable[[Cluster, FactsT], None] | None" = None
    """Reads beyond these facts that a capture should hold (metric ranges, what plans ask)."""
