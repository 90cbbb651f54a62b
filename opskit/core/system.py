"""What every system's room offers, so that findings, captures and runs treat all alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from opskit.core.conditions import Conditions
from opskit.core.errors import NotInstalled
from opskit.core.findings import Finding, Remedy, Severity, by_severity

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.parts import Unread

FactsT = TypeVar("FactsT")


def never_absent(_: object) -> str:
    """Every cluster has this system."""
    return ""


def never_without_api(_: object) -> bool:
    """Everything that is known of this system, the API server tells."""
    return False


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
    absent: Callable[[FactsT], str] = never_absent
    """Pure: why the system is not there at all, e.g. `not installed`, or "" when it is.

    An absent system is one quiet line of a survey and is not judged. `parts.absence(facts.cluster)`
    tells it of the part without which there is no such system (its CRDs).
    """
    without_api: "Callable[[Cluster], bool]" = never_without_api
    """Whether it can be read while no API server answers, e.g. over SSH."""
    optional: frozenset[str] = frozenset()
    """Fields of the facts that a sound system may lack, e.g. what only Prometheus knows.

    One that is `NotInstalled` is said, and does not spoil the verdict; any other part that could not
    be read does.
    """

    def may_lack(self, name: str, part: "Unread") -> bool:
        """Whether a sound system may be without this field of the facts."""
        return name in self.optional and part.error == NotInstalled.__name__

    def judge(self, facts: FactsT) -> list[Finding]:
        """All findings, worst first; of a system that is not there the one that says so, and no other."""
        why = self.absent(facts)
        return [_nothing_judged(self.name, why)] if why else by_severity(self.checks(facts))


def _nothing_judged(name: str, why: str) -> Finding:
    recorded = "snapshot" in why
    return Finding(
        code=f"{name}/{'NOT_RECORDED' if recorded else 'NOT_INSTALLED'}",
        severity=Severity.WARNING,
        subject=name,
        summary=f"{name} is {why}: nothing of it was judged.",
        cause="The snapshot was taken without it."
        if recorded
        else "The cluster serves none of the resources by which it is known.",
        remedy=Remedy(
            text="take a snapshot anew with `opskit capture`"
            if recorded
            else "see that this is the cluster you mean; where it should be installed, look for its CRDs"
        ),
    )
