"""What the policies can tell apart. Endpoints that differ only in the rest are of one class."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from opskit.systems.calico.reach.expression import Expression, Has, Is, Like, leaves
from opskit.systems.calico.reach.rules import Peer, Policy, Rule

OTHER = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for every value that no selector mentions."""


class LabelVocabulary:
    """The labels that selectors use, and the values that they can tell apart."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self._values: dict[str, set[str]] = {}
        self._exact: set[str] = set()
        for leaf in leaves(expressions):
            self._add(leaf)

    def _add(self, leaf: Has | Is | Like) -> None:
        values = self._values.setdefault(leaf.key, set())
        if isinstance(leaf, Is):
            values.update(leaf.values)
        elif isinstance(leaf, Like):
            self._exact.add(leaf.key)

    def reduced(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Only what selectors can tell apart; values that none mentions become `OTHER`."""
        known = self._values
        return {
            key: value if value in known[key] or key in self._exact else OTHER
            for key, value in labels.items()
            if key in known
        }


def rules(policies: Iterable[Policy]) -> Iterator[Rule]:
    """Every rule of every policy."""
    for policy in policies:
        yield from policy.ingress or ()
        yield from policy.egress or ()


@dataclass(frozen=True)
class Mentioned:
    """All that the policies refer to, each once."""

    selectors: set[Expression] = field(default_factory=set[Expression])
    """Of peers."""
    subjects: set[Expression] = field(default_factory=set[Expression])
    nodes: set[Expression] = field(default_factory=set[Expression])
    nets: set[str] = field(default_factory=set[str])
    services: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    port_names: set[str] = field(default_factory=set[str])

    @classmethod
    def by(cls, policies: Iterable[Policy]) -> "Mentioned":
        """Go through all policies once."""
        found = cls()
        for policy in policies:
            found.subjects.add(policy.subject)
            for rule in rules((policy,)):
                found._rule(rule)
        return found

    def _rule(self, rule: Rule) -> None:
        for port in (*(rule.ports or ()), *rule.not_ports, *rule.source_ports, *rule.not_source_ports):
            if port.name:
                self.port_names.add(port.name)
        for peer in (*(rule.source or ()), *(rule.destination or ())):
            self._peer(peer)

    def _peer(self, peer: Peer) -> None:
        if peer.selector is not None:
            self.selectors.add(peer.selector)
        if peer.unless is not None:
            self.selectors.add(peer.unless)
        if peer.nodes is not None:
            self.nodes.add(peer.nodes)
        if peer.service is not None:
            self.services.add(peer.service)
        self.nets.update(peer.nets)
        self.nets.update(peer.not_nets)
