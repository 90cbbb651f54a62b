"""The labels that Calico's selectors see, and an index that finds all who satisfy a selector at once."""

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import and_, or_

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Bits
from opskit.systems.calico.reach.expression import (
    Both,
    Either,
    Everything,
    Expression,
    Has,
    Is,
    Like,
    Not,
)
from opskit.systems.calico.reach.rules import (
    ACCOUNT,
    ACCOUNT_PREFIX,
    NAME,
    NAMESPACE,
    NAMESPACE_PREFIX,
    ORCHESTRATOR,
)

_OWN_NAME = "kubernetes.io/metadata.name"


def of_namespace(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """What everything in a namespace inherits. The API server sets the name label on each namespace."""
    all_labels = {_OWN_NAME: name, **labels, NAME: name}
    return {NAMESPACE: name, **{NAMESPACE_PREFIX + key: value for key, value in all_labels.items()}}


def of_account(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """What a pod inherits of its service account."""
    inherited = {ACCOUNT_PREFIX + key: value for key, value in {**labels, NAME: name}.items()}
    return {ACCOUNT: name, ORCHESTRATOR: "k8s", **inherited}


class LabelIndex:
    """Label sets by number, searched by selector."""

    def __init__(self, labels: Sequence[Mapping[str, str]]) -> None:
        self.size = len(labels)
        self._full = bits.full(self.size)
        self._pairs: dict[str, dict[str, list[int]]] = {}
        for number, each in enumerate(labels):
            for key, value in each.items():
                self._pairs.setdefault(key, {}).setdefault(value, []).append(number)
        self._cache: dict[Expression, Bits] = {}

    def find(self, expression: Expression) -> Bits:
        """All numbers whose labels satisfy it. The answer is shared: don't write into it."""
        known = self._cache.get(expression)
        if known is None:
            known = self._cache[expression] = self._find(expression)
        return known

    def _find(self, expression: Expression) -> Bits:
        match expression:
            case Everything():
                return self._full
            case Not(term):
                return self._full & ~self.find(term)
            case Both(terms):
                return reduce(and_, map(self.find, terms))
            case Either(terms):
                return reduce(or_, map(self.find, terms))
            case Has(key):
                return self._of(key, self._pairs.get(key, {}))
            case Is(key, values):
                return self._of(key, values)
            case Like(key):
                return self._of(key, [value for value in self._pairs.get(key, {}) if expression.of(value)])

    def _of(self, key: str, values: "Mapping[str, object] | frozenset[str] | list[str]") -> Bits:
        pairs = self._pairs.get(key, {})
        found = [pairs[value] for value in values if value in pairs]
        return bits.of(chain.from_iterable(found), self.size)
