"""All pairs of classes at once: tier by tier, policy by policy, rule by rule, the first match decides."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Bits, Indices
from opskit.systems.calico.reach.program import BoundPolicy, BoundRule, BoundTier, Program
from opskit.systems.calico.reach.rules import ALLOW, INGRESS, PASS
from opskit.systems.calico.reach.traffic import Traffic


@dataclass(frozen=True)
class Decided:
    """One row for each class asked about, one bit for each class on the other side."""

    allowed: Bits
    uncertain: Bits
    """What a rule that can't be judged might have decided."""


class _Run:
    """The state of one run in one direction."""

    def __init__(self, program: Program, direction: str, traffic: Traffic, rows: Indices) -> None:
        self.program, self.direction, self.traffic = program, direction, traffic
        size = program.universe.size
        self.whole = len(rows) == size
        self.position = np.full(size, -1, np.intp)
        self.position[rows] = np.arange(len(rows))
        self.undecided = np.tile(program.masks.full, (len(rows), 1))
        self.allowed = np.zeros_like(self.undecided)
        self.uncertain = np.zeros_like(self.undecided)
        self.passed: Bits | None = None

    def tier(self, bound: BoundTier) -> None:
        """Go through a tier; rows that none of its policies selects are left alone."""
        policies = [each for each in bound.policies if each.rules(self.direction) is not None]
        if not policies:
            return
        governed: npt.NDArray[np.bool_] = np.zeros(len(self.undecided), np.bool_)
        self.passed = None
        for policy in policies:
            self._policy(policy, governed)
        if bound.tier.default_action != PASS:
            self.undecided[governed] = 0
        if self.passed is not None:
            self.undecided |= self.passed

    def _policy(self, bound: BoundPolicy, governed: npt.NDArray[np.bool_]) -> None:
        rows, at = self._asked(bound.rows)
        if not len(at):
            return
        if bound.policy.unsupported:
            self.uncertain[at] |= self.undecided[at]
            return
        governed[at] = True
        for rule in bound.rules(self.direction) or ():
            self._rule(rule, rows, at)

    def _asked(self, rows: Indices) -> tuple[Indices, Indices]:
        """Those of some classes that are asked about, and where their rows are."""
        if self.whole:
            return rows, rows
        at = self.position[rows]
        kept = at >= 0
        return rows[kept], at[kept]

    def _rule(self, bound: BoundRule, rows: Indices, at: Indices) -> None:
        match = self.program.match(bound, self.traffic)
        if match is None:
            return
        own, other = match.source, match.destination
        if self.direction == INGRESS:
            own, other = other, own
        if own is not None:
            at = at[_members(own, rows)]
            if not len(at):
                return
        left = self.undecided[at]
        hit = left if other is None else left & other
        if match.unsupported:
            self.uncertain[at] |= hit
            return
        self.undecided[at] = left ^ hit
        if bound.rule.action == ALLOW:
            self.allowed[at] |= hit
        elif bound.rule.action == PASS:
            self._pass(at, hit)

    def _pass(self, at: Indices, hit: Bits) -> None:
        if self.passed is None:
            self.passed = np.zeros_like(self.undecided)
        self.passed[at] |= hit


def _members(own: Bits, rows: Indices) -> npt.NDArray[np.bool_]:
    shifted = own[rows >> 6] >> (rows & 63).astype(np.uint64)
    return (shifted & np.uint64(1)).astype(np.bool_)


def decide(program: Program, direction: str, traffic: Traffic, *, rows: Indices | None = None) -> Decided:
    """Judge one direction.

    Args:
        program: bound for the traffic's IP version.
        direction: for ingress the rows are destinations and the bits sources, for egress the reverse.
        traffic: what is sent.
        rows: the classes to judge, ascending; None: all.

    """
    asked = np.arange(program.universe.size) if rows is None else rows
    run = _Run(program, direction, traffic, asked)
    for tier in program.tiers:
        run.tier(tier)
    run.allowed |= run.undecided
    run.uncertain &= program.masks.full
    return Decided(run.allowed, run.uncertain)


_BLOCK = 1024


def transposed(matrix: Bits, columns: int) -> Bits:
    """Bits as rows: row and column change places."""
    rows = len(matrix)
    result = np.zeros((columns, bits.words(rows)), np.uint64)
    for begin in range(0, columns, _BLOCK):
        end = min(begin + _BLOCK, columns)
        words = matrix[:, begin >> 6 : (end + 63) >> 6]
        flags = bits.unpack(words, end - begin)
        result[begin:end] = bits.pack(np.ascontiguousarray(flags.T))
    return result
