"""Why a BGP session is not established: what BIRD's last error means, and whose AS is wrong.

https://bird.network.cz/?get_doc&v=20&f=bird-6.html#ss6.3 and RFC 4271, section 4.5.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from opskit.systems.calico import sessions
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.sessions import End

DEFAULT_AS = 64512

_MEANINGS = (
    ("Connection refused", "The peer's host answers, but nothing listens on its TCP port 179: BIRD is down "
     "there, or listens elsewhere."),
    ("No listening socket", "This BIRD could not open its own TCP port 179: another process has it."),
    ("No route to host", "The peer's host does not answer at all: wrong address, host off, or no "
     "link to it."),
    ("Network is unreachable", "This node has no route to the peer's address."),
    ("Connection timed out", "The peer's TCP port 179 gives no answer: a firewall drops it, or the "
     "host is off."),
    ("Connection reset", "The peer closes the connection: it does not expect this node as a peer."),
    ("Hold timer expired", "The session was up and then nothing came any more: traffic on TCP port "
     "179 between "
     "the two is dropped (firewall, broken link, MTU)."),
    ("Bad peer AS", "The ends disagree about an AS number."),
    ("Bad BGP identifier", "Two nodes have the same router ID."),
    ("Authentication failure", "The ends' passwords differ."),
    ("Administrative shutdown", "Somebody disabled the session on the other end."),
    ("Maximum number of prefixes", "The peer sent more routes than this end accepts."),
)  # fmt: skip
"""Part of BIRD's words → what that means."""

_SILENT = (
    "The peer's TCP port 179 gives no answer and no refusal: a firewall drops it, the address is wrong, "
    "or the passwords differ (the kernel drops such segments in silence)."
)


def explains(error: str) -> bool:
    """Whether BIRD's words name a cause by themselves; a wrong password never shows in them."""
    return any(words in error for words, _ in _MEANINGS if words != "Connection timed out")


def by_error(errors: Iterable[str]) -> str:
    """The likely cause, of what both ends say; a silent session says something, too."""
    said = [error for error in errors if error]
    for words, meaning in _MEANINGS:
        if any(words in error for error in said):
            return meaning
    return f"BIRD says: {said[0]}." if said else _SILENT


def guilty_of_as(facts: Facts, pairs: Mapping[frozenset[str], list[End]]) -> Iterator[tuple[str, int, int]]:
    """Nodes whose AS is not the one that their peers expect: node, its AS, the expected one."""
    local = _local(facts)
    wanted: dict[str, Counter[int]] = {}
    for end in (end for ends in pairs.values() for end in ends):
        if end.peer in local and end.peer_as and end.peer_as != local[end.peer]:
            wanted.setdefault(end.peer, Counter())[end.peer_as] += 1
    common = Counter(local.values()).most_common(1)
    for node in sorted(wanted, key=lambda name: (bool(common) and local[name] == common[0][0], name)):
        yield node, local[node], wanted[node].most_common(1)[0][0]


def _local(facts: Facts) -> dict[str, int]:
    """Node → the AS that its BIRD speaks for."""
    found: dict[str, int] = {}
    for name in facts.birds:
        bird = sessions.bird(facts, name)
        for each in bird.sessions if bird else ():
            if each.local_as:
                found[name] = each.local_as
    return found
