"""Who can talk to whom: every class of endpoints against every other, for one kind of traffic."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Bits
from opskit.systems.calico.reach.classes import Universe
from opskit.systems.calico.reach.decide import decide, transposed
from opskit.systems.calico.reach.program import Program
from opskit.systems.calico.reach.rules import EGRESS, INGRESS
from opskit.systems.calico.reach.traffic import Traffic

if TYPE_CHECKING:
    from pandas import DataFrame

_BLOCK = 1024


@dataclass(frozen=True)
class Matrix:
    """Rows are sources, bits are destinations, both by number of class."""

    universe: Universe
    traffic: Traffic
    allowed: Bits
    uncertain: Bits
    """Pairs for which a rule that can't be judged might decide otherwise."""
    addressed: Bits
    """Classes that have an address of the traffic's IP version."""

    @classmethod
    def of(cls, program: Program, traffic: Traffic) -> "Matrix":
        """Judge all pairs. The exceptions of single pods and nodes (see `reach.LIMITS`) don't show here."""
        egress = decide(program, EGRESS, traffic)
        ingress = decide(program, INGRESS, traffic)
        size = program.universe.size
        allowed = egress.allowed
        allowed &= transposed(ingress.allowed, size)
        uncertain = egress.uncertain
        if ingress.uncertain.any():
            uncertain |= transposed(ingress.uncertain, size)
        reachable = program.masks.addressed
        allowed &= reachable
        allowed[~bits.unpack(reachable, size)] = 0
        return cls(program.universe, traffic, allowed, uncertain, reachable)

    def is_allowed(self, source: int, destination: int) -> bool:
        """One pair of classes, by number."""
        return bits.test(self.allowed[source], destination)

    def pod_pairs(self) -> tuple[int, int]:
        """Ordered pairs of pods that are allowed, and all; each pod is paired with its class in whole."""
        pods = self.universe.pods.astype(np.int64)
        reached = sum(int(pods[start:end] @ (flags @ pods)) for start, end, flags in self._blocks())
        return reached, int(pods.sum()) ** 2

    def frame(self) -> "DataFrame":
        """One row for each pair of classes with pods or hosts in them, outside addresses included.

        Returns:
            source, destination (category: what is known of the class), source_pods, destination_pods
            (int64), allowed, uncertain (bool).

        """
        import pandas as pd

        size, inside = self.universe.size, self.universe.inside
        source, destination = (each.ravel() for each in np.indices((size, size), np.int32))
        addressed = bits.unpack(self.addressed, size)
        kept = ((source < inside) | (destination < inside)) & addressed[source] & addressed[destination]
        source, destination = source[kept], destination[kept]
        texts = [each.text for each in self.universe.classes]
        return pd.DataFrame(
            {
                "source": pd.Categorical.from_codes(source, pd.Index(_distinct(texts))),
                "destination": pd.Categorical.from_codes(destination, pd.Index(_distinct(texts))),
                "source_pods": self.universe.pods[source].astype(np.int64),
                "destination_pods": self.universe.pods[destination].astype(np.int64),
                "allowed": bits.unpack(self.allowed, size)[source, destination],
                "uncertain": bits.unpack(self.uncertain, size)[source, destination],
            }
        )

    def by_namespace(self) -> "DataFrame":
        """Pairs of pods between namespaces; pods on their node's network are in none.

        Returns:
            source, destination (str: namespace), pairs, allowed_pairs (int64), share (float64, 0 to 1).

        """
        import pandas as pd

        names, members = self._by_namespace()
        reached = np.zeros((len(names), len(names)))
        for start, end, flags in self._blocks():
            reached += members[:, start:end] @ (flags @ members.T)
        sizes = members.sum(axis=1)
        pairs = np.outer(sizes, sizes)
        return pd.DataFrame(
            {
                "source": np.repeat(names, len(names)),
                "destination": np.tile(names, len(names)),
                "pairs": pairs.ravel().astype(np.int64),
                "allowed_pairs": reached.ravel().astype(np.int64),
                "share": (reached / pairs).ravel(),
            }
        )

    def _by_namespace(self) -> tuple[list[str], npt.NDArray[np.float64]]:
        spaces: dict[str, dict[int, int]] = {}
        for endpoint, number in zip(self.universe.endpoints, self.universe.class_of.tolist(), strict=True):
            if endpoint.sort == "pod":
                held = spaces.setdefault(endpoint.name.partition("/")[0], {})
                held[number] = held.get(number, 0) + 1
        members = np.zeros((len(spaces), self.universe.size))
        for row, held in enumerate(spaces.values()):
            members[row, list(held)] = list(held.values())
        return list(spaces), members

    def _blocks(self) -> "Iterator[tuple[int, int, npt.NDArray[np.float64]]]":
        """Rows as numbers, some at a time, so that memory stays small."""
        for start in range(0, self.universe.size, _BLOCK):
            rows = self.allowed[start : start + _BLOCK]
            yield start, start + len(rows), bits.unpack(rows, self.universe.size).astype(np.float64)


def _distinct(texts: list[str]) -> list[str]:
    """Two classes may read alike: they differ in something that has no short name."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        result.append(text if seen[text] == 1 else f"{text} #{seen[text]}")
    return result
