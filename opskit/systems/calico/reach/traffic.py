"""Which traffic is asked about, and which traffic a rule's ports and protocols match."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from opskit.core.errors import BadValue

PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPV6": 58, "SCTP": 132, "UDPLITE": 136}
_NAMES = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6", 132: "SCTP", 136: "UDPLite"}
WITH_PORTS = frozenset((6, 17, 132, 136))
ICMP = frozenset((1, 58))


@lru_cache(maxsize=1024)
def protocol_number(protocol: int | str) -> int:
    """The IP protocol's number.

    Raises:
        BadValue: neither a number of 1 to 255 nor a name that Calico knows.

    """
    number = PROTOCOLS.get(str(protocol).upper())
    if number is None and str(protocol).isdecimal() and 0 < int(protocol) < 256:
        number = int(protocol)
    if number is None:
        raise BadValue(
            f"{protocol!r} is no IP protocol.",
            hint="TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number of 1-255",
        )
    return number


def protocol_name(number: int) -> str:
    """`TCP` for 6; the number itself where there is no name."""
    return _NAMES.get(number, str(number))


@dataclass(frozen=True)
class Traffic:
    """A new connection, or a first packet. Answers to it are never judged: connections are tracked."""

    protocol: int
    port: int | None = None
    """Destination port; None where the protocol has none."""
    version: int = 4
    """IP version, 4 or 6."""
    source_port: int | None = None
    """None: any ephemeral one; rules on source ports can't be judged then."""
    icmp_type: int | None = None
    icmp_code: int | None = None

    @classmethod
    def of(
        cls,
        protocol: int | str,
        port: int | None = None,
        *,
        version: int = 4,
        source_port: int | None = None,
        icmp_type: int | None = None,
        icmp_code: int | None = None,
    ) -> "Traffic":
        """Check and normalise.

        Raises:
            BadValue: unknown protocol, a port that is missing, superfluous or outside of 1-65535.

        """
        number = protocol_number(protocol)
        if number in WITH_PORTS and (port is None or not 0 < port < 65536):
            raise BadValue(
                f"{protocol_name(number)} needs a destination port, not {port!r}.", hint="give one of 1-65535"
            )
        if number not in WITH_PORTS and port is not None:
            raise BadValue(f"{protocol_name(number)} has no ports.", hint="leave the port out")
        if version not in (4, 6):
            raise BadValue(f"There is no IP version {version}.", hint="4 or 6")
        return cls(number, port, version, source_port, icmp_type, icmp_code)

    def __str__(self) -> str:
        port = "" if self.port is None else f"/{self.port}"
        return f"{protocol_name(self.protocol)}{port}"


class PortMatch(msgspec.Struct, frozen=True, gc=False):
    """Ports of a protocol: a range, a name that the endpoint gives it, or (low is None, no name) all."""

    protocol: int | None = None
    """None: any protocol."""
    low: int | None = None
    high: int | None = None
    name: str = ""

    def of(self, protocol: int, port: int | None) -> bool:
        """Whether it matches by number; names are looked up at the endpoint instead."""
        if self.protocol not in (None, protocol) or self.name:
            return False
        if self.low is None or self.high is None:
            return True
        return port is not None and self.low <= port <= self.high

    def __str__(self) -> str:
        protocol = "any protocol" if self.protocol is None else protocol_name(self.protocol)
        if self.name:
            return f"{protocol}/{self.name}"
        if self.low is None:
            return protocol
        return f"{protocol}/{self.low}" if self.low == self.high else f"{protocol}/{self.low}-{self.high}"


class IcmpMatch(msgspec.Struct, frozen=True, gc=False):
    """Type and code of ICMP; None matches any."""

    type: int | None
    code: int | None

    def of(self, traffic: Traffic) -> bool | None:
        """Whether it matches; None when the question leaves it open."""
        if traffic.protocol not in ICMP:
            return False
        pairs = ((self.type, traffic.icmp_type), (self.code, traffic.icmp_code))
        asked = [(wanted, given) for wanted, given in pairs if wanted is not None]
        if any(given is not None and wanted != given for wanted, given in asked):
            return False
        return None if any(given is None for _, given in asked) else True
