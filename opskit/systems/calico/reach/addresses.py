"""Addresses and networks as numbers, and which of many networks an address lies in."""

import socket
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from opskit.core.errors import BadValue

NOWHERE = -1
"""In none of the networks."""
ABSENT = -2
"""There is no address of this family."""
_BITS = {4: 32, 6: 128}


def parse_address(text: str) -> tuple[int, int]:
    """IP version and value.

    Raises:
        BadValue: no IP address.

    """
    version, family = (6, socket.AF_INET6) if ":" in text else (4, socket.AF_INET)
    try:
        return version, int.from_bytes(socket.inet_pton(family, text), "big")
    except (OSError, ValueError) as wrong:
        raise BadValue(f"{text!r} is no IP address.", hint="give e.g. 192.0.2.7 or 2001:db8::7") from wrong


@dataclass(frozen=True, slots=True, order=True)
class Net:
    """A network; ordered so that one comes before those inside of it."""

    version: int
    first: int
    spread: int
    """Bits of the host part, negated: wide ones come first."""

    @property
    def last(self) -> int:
        """The highest address."""
        return self.first | ((1 << -self.spread) - 1)

    def __str__(self) -> str:
        return f"{address_text(self.version, self.first)}/{_BITS[self.version] + self.spread}"


@lru_cache(maxsize=262144)
def parse_net(text: str) -> Net:
    """A network in CIDR notation; a lone address is a network of one. Host bits are cleared.

    Raises:
        BadValue: neither.

    """
    address, slash, length = text.partition("/")
    version, value = parse_address(address)
    bits = _BITS[version]
    if slash and not (length.isdecimal() and int(length) <= bits):
        raise BadValue(f"{text!r} is no network.", hint="give e.g. 10.0.0.0/8 or 2001:db8::/32")
    host = bits - int(length) if slash else 0
    return Net(version, value >> host << host, -host)


class NetTable:
    """Networks of one family. They nest or are apart, so the innermost one tells all that hold an address."""

    def __init__(self, nets: Iterable[Net]) -> None:
        self.nets = sorted(set(nets))
        self.ids = {net: index for index, net in enumerate(self.nets)}
        self.parents: list[int] = []
        self._starts, self._owners = [0], [NOWHERE]
        self._sweep()

    def _sweep(self) -> None:
        open_ones: list[int] = []
        for index, net in enumerate(self.nets):
            self._close(open_ones, before=net.first)
            self.parents.append(open_ones[-1] if open_ones else NOWHERE)
            self._begin(net.first, index)
            open_ones.append(index)
        self._close(open_ones, before=None)

    def _close(self, open_ones: list[int], *, before: int | None) -> None:
        while open_ones and (before is None or self.nets[open_ones[-1]].last < before):
            index = open_ones.pop()
            self._begin(self.nets[index].last + 1, self.parents[index])

    def _begin(self, start: int, owner: int) -> None:
        if self._starts[-1] == start:
            self._owners[-1] = owner
        else:
            self._starts.append(start)
            self._owners.append(owner)

    def innermost(self, address: int) -> int:
        """Index of the smallest network that holds the address, or `NOWHERE`."""
        return self._owners[bisect_right(self._starts, address) - 1]


def address_text(version: int, value: int) -> str:
    """As people write it."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    return socket.inet_ntop(family, value.to_bytes(_BITS[version] // 8, "big"))
