"""What a change of policies, before it is applied, does to who can talk to whom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opskit.core.findings import Data
from opskit.core.tables import frame
from opskit.systems.calico.reach.affected import Affected, affected
from opskit.systems.calico.reach.bits import Indices
from opskit.systems.calico.reach.dns import DnsLockout, lockouts, servers
from opskit.systems.calico.reach.joint import Flags, Joint
from opskit.systems.calico.reach.rules import EGRESS, INGRESS
from opskit.systems.calico.reach.spans import LAST, boundaries
from opskit.systems.calico.reach.traffic import Traffic, protocol_name

if TYPE_CHECKING:
    from pandas import DataFrame

    from opskit.systems.calico.reach.reach import Reach

_PROTOCOLS = (6, 17, 132)


class Change(Data, frozen=True):
    """Traffic of some pods that is no longer answered as before."""

    direction: str
    """`ingress`: what `endpoint` receives from the peers; `egress`: what it sends to them."""
    endpoint: str
    """A pod or node, for all of its kind."""
    pods: int
    gained: bool
    """True: denied before, allowed after. False: the reverse."""
    traffic: str
    """Protocols and port ranges, e.g. `TCP 1-5431, 5433-65535; ICMP`."""
    peers: int
    """Pods on the other side; 0 when there are only nodes or outside addresses."""
    examples: tuple[str, ...]
    """Some of the peers."""
    why: str
    """The decision on the first example, after the change."""


@dataclass(frozen=True)
class Difference:
    """All that changes."""

    changes: tuple[Change, ...]
    dns: tuple[DnsLockout, ...]
    unsupported: tuple[str, ...] = ()
    """What could not be compared, each as `unsupported: ...`."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should stop one from applying the change."""
        return (*(each.text for each in self.dns), *self.unsupported)

    def frame(self) -> "DataFrame":
        """One row for each change.

        Returns:
            direction, endpoint (str), pods (int64), gained (bool), traffic (str), peers (int64),
            examples, why (str).

        """
        return frame(
            self.changes,
            {
                "direction": ("direction", "str"),
                "endpoint": ("endpoint", "str"),
                "pods": ("pods", "int64"),
                "gained": ("gained", "bool"),
                "traffic": ("traffic", "str"),
                "peers": ("peers", "int64"),
                "examples": (lambda change: ", ".join(change.examples), "str"),
                "why": ("why", "str"),
            },
        )


_Key = tuple[str, int, bool, bytes]
"""Direction, group, gained, and which groups it is about."""


class _Comparison:
    """Collects what differs, range by range."""

    def __init__(self, joint: Joint, rows: Affected) -> None:
        self.joint, self.rows = joint, rows
        self.found: dict[_Key, dict[tuple[int, int], list[tuple[int, int]]]] = {}
        self.uncertain = 0

    def at(self, traffic: Traffic, high: int) -> None:
        """Compare one kind of traffic, which stands for all ports up to `high`."""
        self._direction(INGRESS, self.rows.ingress, traffic, high)
        self._direction(EGRESS, self.rows.egress, traffic, high)

    def _direction(self, direction: str, rows: Indices, traffic: Traffic, high: int) -> None:
        if not len(rows):
            return
        other = EGRESS if direction == INGRESS else INGRESS
        columns = np.arange(len(self.joint.groups))
        results: list[Flags] = []
        for side in (self.joint.before, self.joint.after):
            own, open_own = side.decided(direction, traffic, rows)
            back, open_back = side.decided(other, traffic, columns)
            results.append(own & back[:, rows].T)
            self.uncertain += int(open_own.any()) + int(open_back[:, rows].any())
        before, after = results
        if direction == EGRESS:
            before[:, self.rows.ingress] = after[:, self.rows.ingress]
        alone = np.flatnonzero(self.joint.pods[rows] <= 1)
        for gained, flags in ((True, after & ~before), (False, before & ~after)):
            flags[alone, rows[alone]] = False  # a pod always reaches itself
            self._note(direction, rows, gained, flags, traffic, high)

    def _note(
        self, direction: str, rows: Indices, gained: bool, flags: Flags, traffic: Traffic, high: int
    ) -> None:
        for at in np.flatnonzero(flags.any(axis=1)):
            key = (direction, int(rows[at]), gained, np.packbits(flags[at]).tobytes())
            spans = self.found.setdefault(key, {}).setdefault((traffic.version, traffic.protocol), [])
            low = traffic.port or 0
            if spans and spans[-1][1] + 1 == low:
                spans[-1] = (spans[-1][0], high)
            else:
                spans.append((low, high))

    def changes(self) -> Iterator[Change]:
        """One for each endpoint, set of peers and way."""
        for (direction, row, gained, packed), spans in self.found.items():
            flags = np.unpackbits(np.frombuffer(packed, np.uint8), count=len(self.joint.groups))
            peers = np.flatnonzero(flags)
            group = self.joint.groups[row]
            names = [self.joint.groups[peer].example for peer in peers[:3]]
            yield Change(
                direction=direction,
                endpoint=group.example,
                pods=group.pods,
                gained=gained,
                traffic="; ".join(_traffic(*key, ranges) for key, ranges in spans.items()),
                peers=int(self.joint.pods[peers].sum()),
                examples=tuple(names),
                why=self._why(direction, group.example, [self.joint.groups[p].example for p in peers], spans),
            )

    def _why(
        self,
        direction: str,
        name: str,
        peers: list[str],
        spans: dict[tuple[int, int], list[tuple[int, int]]],
    ) -> str:
        """The decision on one pair that can be asked for by name."""
        (version, protocol), ranges = next(iter(spans.items()))
        peer = next((each for each in peers if each != name and not _is_network(each)), None)
        if peer is None or _is_network(name):
            return ""
        source, destination = (peer, name) if direction == INGRESS else (name, peer)
        found = self.joint.after.reach.allowed(
            source, destination, protocol, ranges[0][0] or None, version=version
        )
        return (found.ingress if direction == INGRESS else found.egress).text


def _is_network(name: str) -> bool:
    return name.startswith(("addresses in ", "any other "))


def _traffic(version: int, protocol: int, ranges: list[tuple[int, int]]) -> str:
    family = " over IPv6" if version == 6 else ""
    if ranges[0][0] == 0:
        return protocol_name(protocol) + family
    said = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)
    return f"{protocol_name(protocol)} {said}{family}"


def differ(before: "Reach", after: "Reach", *, traffic: tuple[Traffic, ...] | None) -> Difference:
    """Compare two states; see `Reach.difference`."""
    joint = Joint(before, after)
    comparison = _Comparison(joint, affected(joint))
    for each, high in _all_traffic(before, after) if traffic is None else _as_given(traffic):
        comparison.at(each, high)
    versions = _versions(after)
    warnings = tuple(lock for version in versions for lock in lockouts(joint, version=version))
    return Difference(tuple(comparison.changes()), warnings, tuple(_unsupported(after, comparison)))


def _as_given(traffic: Iterable[Traffic]) -> Iterator[tuple[Traffic, int]]:
    return ((each, each.port or 0) for each in traffic)


def _versions(reach: "Reach") -> list[int]:
    used = {version for endpoint in reach.universe.endpoints for version in endpoint.addresses}
    return sorted(used) or [4]


def _all_traffic(before: "Reach", after: "Reach") -> Iterator[tuple[Traffic, int]]:
    """A representative of everything that policies of either state tell apart, and the last port of it."""
    for version in _versions(after):
        for protocol in _PROTOCOLS:
            edges = {
                edge
                for reach in (before, after)
                for edge in boundaries(reach.ordered.policies, reach.universe, protocol)
            }
            lows = sorted(edges)
            for low, following in zip(lows, (*lows[1:], LAST + 1), strict=True):
                yield Traffic(protocol, low, version), following - 1
        yield Traffic(1 if version == 4 else 58, None, version), 0


def _unsupported(after: "Reach", comparison: _Comparison) -> Iterator[str]:
    if comparison.uncertain:
        yield "unsupported: rules that can't be judged (see lints) might decide some of this otherwise"
    if not servers(after):
        yield "unsupported: no DNS pods were found, so DNS could not be judged"
