"""What the policies can tell apart. Endpoints that differ only in the rest are of one class."""

from collections.abc import Iterable, Iterator, Mapping

from opskit.systems.calico.reach.expression import Expression, Has, Is, Like, leaves
from opskit.systems.calico.reach.rules import Peer, Policy, Rule
from opskit.systems.calico.reach.traffic import PortMatch

OTHER = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for every value that no selector mentions."""


class LabelVocabulary:
    """The labels that selectors use, and the values that they can tell apart."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self._values: dict[str, set[str]] = {}
        self._exact: set[str] = set()
        for expression in expressions:
            for leaf in leaves(expression):
                self._add(leaf)
        self._known: dict[tuple[str, str], str] = {}

    def _add(self, leaf: Has | Is | Like) -> None:
        values = self._values.setdefault(leaf.key, set())
        if isinstance(leaf, Is):
            values.update(leaf.values)
        elif isinstance(leaf, Like):
            self._exact.add(leaf.key)

    def reduced(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Only what selectors can tell apart; values that none mentions become `OTHER`."""
        return {key: self._value(key, value) for key, value in labels.items() if key in self._values}

    def _value(self, key: str, value: str) -> str:
        return value if key in self._exact or value in self._values[key] else OTHER


def rules(policies: Iterable[Policy]) -> Iterator[Rule]:
    """Every rule of every policy."""
    for policy in policies:
        yield from policy.ingress or ()
        yield from policy.egress or ()


def peers(policies: Iterable[Policy]) -> Iterator[Peer]:
    """Every peer of every rule."""
    for rule in rules(policies):
        yield from rule.source or ()
        yield from rule.destination or ()


def peer_selectors(policies: Iterable[Policy]) -> set[Expression]:
    """Every selector of a rule, each once."""
    found: set[Expression] = set()
    for peer in peers(policies):
        found.update(each for each in (peer.selector, peer.unless) if each is not None)
    return found


def port_names(policies: Iterable[Policy]) -> set[str]:
    """Every named port."""
    return {port.name for rule in rules(policies) for port in _ports(rule) if port.name}


def _ports(rule: Rule) -> tuple[PortMatch, ...]:
    return (*(rule.ports or ()), *rule.not_ports)
