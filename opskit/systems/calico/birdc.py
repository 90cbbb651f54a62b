"""What BIRD says of its BGP sessions: the answers of `birdcl show protocols all`, taken apart.

BIRD 1.6 (in Calico) and BIRD 2 print the same words with other indentation.
https://bird.network.cz/?get_doc&v=20&f=bird-4.html
"""

import re
from collections.abc import Iterator

from opskit.core.findings import Data

_HEAD = re.compile(r"^(\S+)\s+BGP\s+\S+\s+(\S+)\s+(\d\S*(?:\s\d\d:\d\d\S*)?)\s*(\S*)\s*(.*)$")
_FIELD = re.compile(r"^\s+(BGP state|Neighbor address|Neighbor AS|Local AS|Last error):\s+(.*?)\s*$")
_VERSION = re.compile(r"BIRD (\S+) ready")
_UNREACHABLE = "Unable to connect to server control socket"


class Session(Data, frozen=True):
    """One BGP session as one end sees it."""

    protocol: str
    """Name in BIRD's configuration: `Mesh_10_0_0_2`, `Node_…`, `Global_…`."""
    state: str
    """`Established`, or how far it is: `Idle`, `Connect`, `Active`, `OpenSent`, `OpenConfirm`, `Down`."""
    since: str = ""
    peer: str = ""
    """The other end's address."""
    peer_as: int = 0
    """The AS that this end expects there."""
    local_as: int = 0
    error: str = ""
    """The last error, as BIRD words it."""

    @property
    def established(self) -> bool:
        """Whether routes are exchanged."""
        return self.state == "Established"

    @property
    def sort(self) -> str:
        """`mesh`, `node` or `global`, by Calico's way of naming."""
        return self.protocol.partition("_")[0].lower()


class Bird(Data, frozen=True):
    """One BIRD daemon."""

    version: str
    sessions: tuple[Session, ...] = ()
    unreachable: str = ""
    """What `birdcl` says when the daemon does not answer."""
    dropped: int = 0
    """TCP segments that the node's kernel threw away for a wrong, missing or unexpected MD5 signature."""

    @property
    def runs(self) -> bool:
        """Whether the daemon answers."""
        return not self.unreachable


def parsed(text: str, stderr: str = "") -> Bird:
    """The sessions of `show protocols all`, or that no daemon answers.

    Args:
        text: standard output of `birdcl`.
        stderr: its standard error.

    """
    said = f"{text}\n{stderr}"
    if _UNREACHABLE in said:
        line = next(line for line in said.splitlines() if _UNREACHABLE in line)
        return Bird(version="", unreachable=line.strip())
    version = _VERSION.search(text)
    return Bird(version=version[1] if version else "", sessions=tuple(_sessions(text)))


def _sessions(text: str) -> Iterator[Session]:
    head: re.Match[str] | None = None
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if line[:1].strip():
            yield from _session(head, fields)
            head, fields = _HEAD.match(line), {}
        elif found := _FIELD.match(line):
            fields.setdefault(found[1], found[2])
    yield from _session(head, fields)


def _session(head: re.Match[str] | None, fields: dict[str, str]) -> Iterator[Session]:
    if head is None:
        return
    yield Session(
        protocol=head[1],
        state=fields.get("BGP state", head[4]),
        since=head[3],
        peer=fields.get("Neighbor address", ""),
        peer_as=_number(fields.get("Neighbor AS", "")),
        local_as=_number(fields.get("Local AS", "")),
        error=fields.get("Last error", head[5] if head[4] != "Established" else ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def md5_drops(netstat: str) -> int:
    """Segments dropped for their MD5 signature, of `/proc/net/netstat`.

    https://docs.kernel.org/networking/snmp_counter.html
    """
    names: list[str] = []
    for line in netstat.splitlines():
        if not line.startswith("TcpExt:"):
            continue
        words = line.split()[1:]
        if names:
            held = dict(zip(names, words, strict=False))
            return sum(int(value) for name, value in held.items() if name.startswith("TCPMD5"))
        names = words
    return 0
