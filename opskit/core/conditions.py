"""Predicates over a cluster by name: what preconditions, postconditions and verdicts are made of."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from opskit.core.errors import UnknownName
from opskit.core.findings import Data
from opskit.core.plan import Condition

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


class Held(Data, frozen=True):
    """Whether a condition holds, and the state that says so."""

    ok: bool
    state: str
    """What was read, for a person: "osd.3 is down since 14:02"."""
    vain: bool = False
    """Whether waiting for it any longer is in vain, as for a canary that fails its requests."""


Predicate = Callable[..., Held]
"""`(cluster, **arguments) -> Held`. It reads; it never changes anything."""


class Conditions:
    """A system's predicates.

    A name that is asked for twice at one moment is read twice: conditions are perishable.
    """

    def __init__(self) -> None:
        self._predicates: dict[str, Predicate] = {}

    def named(self, name: str) -> Callable[[Predicate], Predicate]:
        """Decorator: this function is the predicate of that name."""

        def keep(predicate: Predicate) -> Predicate:
            self._predicates[name] = predicate
            return predicate

        return keep

    @property
    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._predicates)

    def read(self, cluster: "Cluster", condition: Condition) -> Held:
        """Evaluate one condition now.

        Raises:
            UnknownName: no predicate has that name.
            ReadError: the system could not be read.

        """
        predicate = self._predicates.get(condition.name)
        if predicate is None:
            raise UnknownName.among("condition", condition.name, self._predicates)
        return predicate(cluster, **condition.arguments)

    def unmet(self, cluster: "Cluster", conditions: Iterable[Condition]) -> list[tuple[Condition, Held]]:
        """Those that do not hold now, with what was read."""
        read: list[tuple[Condition, Held]] = [(each, self.read(cluster, each)) for each in conditions]
        return [(condition, held) for condition, held in read if not held.ok]

    def merged(self, other: "Conditions") -> "Conditions":
        """Both systems' predicates."""
        both = Conditions()
        both._predicates = {**self._predicates, **other._predicates}
        return both
