"""What an LDAP directory answers to a search, the same live and from a snapshot."""

from typing import TYPE_CHECKING

import msgspec

from opskit.core.answers import decode, decoder_for
from opskit.core.findings import Data
from opskit.core.reads import SearchDirectory

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

SUCCESS, NO_SUCH_OBJECT = 0, 32
"""Result codes, see https://www.rfc-editor.org/rfc/rfc4511#appendix-A."""


class Entry(Data, frozen=True):
    """An entry, as far as its attributes were asked for."""

    dn: str
    attributes: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])


class Searched(Data, frozen=True):
    """How a search ended."""

    code: int
    said: str
    """The result's name, and what the directory adds to it."""
    matched: str = ""
    """Of a base that does not exist: the deepest entry above it that does."""
    entries: tuple[Entry, ...] = ()


def search(cluster: "Cluster", read: SearchDirectory, *, deadline: float = 10.0) -> Searched:
    """Bind and search; a search that the directory refuses is an answer, too.

    Args:
        cluster: live or a snapshot.
        read: where and what.
        deadline: seconds.

    Raises:
        Unauthorized: the directory refuses the bind.
        NotInstalled: there is no LDAP client, or no password is known here.
        Unreachable, Untrusted, DeadlineExceeded, BadAnswer, NotInSnapshot.

    """
    answer = cluster.reader.answer(read, deadline=deadline)
    return decode(answer.body, decoder_for(Searched), where=f"search below {read.base}")
