"""Port ranges that policies can tell apart."""

from collections.abc import Iterable, Iterator

from opskit.core.findings import Data
from opskit.systems.calico.reach.classes import Universe
from opskit.systems.calico.reach.rules import Policy
from opskit.systems.calico.reach.verdict import RuleRef, Verdict
from opskit.systems.calico.reach.vocabulary import rules

LAST = 65535


class Span(Data, frozen=True):
    """Ports with one and the same answer."""

    low: int
    high: int
    allowed: bool
    rules: tuple[RuleRef, ...] = ()
    unsupported: tuple[str, ...] = ()


def boundaries(policies: Iterable[Policy], universe: Universe, protocol: int) -> list[int]:
    """The first port of each range that the policies can tell apart, from 1."""
    edges = {1}
    for rule in rules(policies):
        for port in (*(rule.ports or ()), *rule.not_ports):
            if port.protocol in (None, protocol) and port.low is not None and port.high is not None:
                edges.update((port.low, port.high + 1))
    for each in universe.classes:
        edges.update(edge for _, used, port, _ in each.ports if used == protocol for edge in (port, port + 1))
        edges.update(
            edge for _, used, port, _ in each.served if used == protocol for edge in (port, port + 1)
        )
    return sorted(edge for edge in edges if 1 <= edge <= LAST)


def spans(verdicts: Iterable[tuple[int, Verdict]]) -> tuple[Span, ...]:
    """Verdicts at ascending first ports, joined where answer and deciding rules are the same."""
    return tuple(_joined(list(verdicts)))


def _joined(verdicts: list[tuple[int, Verdict]]) -> Iterator[Span]:
    begin = 0
    for index, (_, verdict) in enumerate(verdicts):
        last = index + 1 == len(verdicts)
        if last or _answer(verdicts[index + 1][1]) != _answer(verdict):
            high = LAST if last else verdicts[index + 1][0] - 1
            yield Span(
                low=verdicts[begin][0],
                high=high,
                allowed=verdict.allowed,
                rules=verdict.rules,
                unsupported=verdict.unsupported,
            )
            begin = index + 1


def _answer(verdict: Verdict) -> tuple[object, ...]:
    return verdict.allowed, verdict.rules, verdict.unsupported
