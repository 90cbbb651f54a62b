"""The endpoints that two states of a cluster have in common, grouped by their classes in both."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.addresses import NOWHERE, NetTable
from opskit.systems.calico.reach.bits import Indices
from opskit.systems.calico.reach.classes import VERSIONS, Universe
from opskit.systems.calico.reach.decide import decide
from opskit.systems.calico.reach.traffic import Traffic

if TYPE_CHECKING:
    from opskit.systems.calico.reach.reach import Reach

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints that are of one class before and of one class after."""

    before: int
    after: int
    sort: str
    example: str
    pods: int
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """One of the two states, seen through the common groups."""

    reach: "Reach"
    numbers: Indices
    """Class of each group."""

    def decided(self, direction: str, traffic: Traffic, rows: Indices) -> tuple[Flags, Flags]:
        """Allowed and uncertain; a row for each group asked about, a column for each group."""
        program = self.reach.program(traffic.version)
        asked, place = np.unique(self.numbers[rows], return_inverse=True)
        found = decide(program, direction, traffic, rows=asked)
        size = program.universe.size
        addressed = bits.unpack(program.masks.addressed, size)
        allowed = bits.unpack(found.allowed, size) & addressed & addressed[asked][:, None]
        uncertain = bits.unpack(found.uncertain, size)
        return allowed[place][:, self.numbers], uncertain[place][:, self.numbers]


class Joint:
    """Both states over common groups."""

    def __init__(self, before: "Reach", after: "Reach") -> None:
        self.groups = (*_inside(before.universe, after.universe), *_outside(before.universe, after.universe))
        self.before = Side(before, np.array([group.before for group in self.groups], np.intp))
        self.after = Side(after, np.array([group.after for group in self.groups], np.intp))
        self.pods = np.array([group.pods for group in self.groups], np.int64)


def _inside(before: Universe, after: Universe) -> list[Group]:
    numbers = {e.name: int(n) for e, n in zip(before.endpoints, before.class_of, strict=True)}
    members: dict[tuple[int, int], list[str]] = {}
    for endpoint, number in zip(after.endpoints, after.class_of.tolist(), strict=True):
        if endpoint.name in numbers:
            members.setdefault((numbers[endpoint.name], number), []).append(endpoint.name)
    return [_group(after, key, names) for key, names in members.items()]


def _group(after: Universe, key: tuple[int, int], names: list[str]) -> Group:
    pods = [name for name in names if not name.startswith("node:")]
    namespaces = sorted({name.partition("/")[0] for name in pods})
    return Group(*key, after.classes[key[1]].sort, names[0], len(pods), tuple(namespaces))


def _outside(before: Universe, after: Universe) -> list[Group]:
    """One group for each network that either state names."""
    groups: list[Group] = []
    for version in VERSIONS:
        tables = before.tables[version], after.tables[version]
        union = NetTable((*tables[0].nets, *tables[1].nets))
        for innermost in (NOWHERE, *range(len(union.nets))):
            old, new = (_around(union, innermost, table) for table in tables)
            number = after.outside[version, new]
            name = (
                f"addresses in {union.nets[innermost]}"
                if innermost != NOWHERE
                else after.classes[number].example
            )
            groups.append(Group(before.outside[version, old], number, "outside", name, 0, ()))
    return groups


def _around(union: NetTable, innermost: int, table: NetTable) -> int:
    """The smallest network of a table that holds a network of the union."""
    while innermost != NOWHERE and union.nets[innermost] not in table.ids:
        innermost = union.parents[innermost]
    return NOWHERE if innermost == NOWHERE else table.ids[union.nets[innermost]]
