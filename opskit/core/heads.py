"""How far servers' clocks are apart, and how long their answers may be kept."""

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from opskit.core.answers import decode, decoder_for
from opskit.core.errors import BadAnswer
from opskit.core.findings import Data
from opskit.core.reads import AskHead

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


class Clock(Data, frozen=True):
    """How far a clock is ahead of another one, in seconds: between these two; negative is behind."""

    least: float
    most: float

    @property
    def ahead(self) -> float:
        """The middle of both, in seconds."""
        return (self.least + self.most) / 2

    def minus(self, other: "Clock") -> "Clock":
        """How far it is ahead of another server's: this machine's own clock cancels out."""
        return Clock(least=self.least - other.most, most=self.most - other.least)

    def beyond(self, seconds: float) -> bool:
        """Whether it is certainly further away than that."""
        return self.least > seconds or self.most < -seconds


class Head(Data, frozen=True):
    """What an HTTP answer says of itself (https://www.rfc-editor.org/rfc/rfc9110#field.date)."""

    asked: float
    """By this machine's clock: when the question left, in seconds since 1970."""
    answered: float
    """When the answer had come."""
    date: str
    """By the server's clock."""
    kept: str = ""
    """Cache-Control."""

    @property
    def clock(self) -> Clock | None:
        """The server's clock beside this machine's; None where the answer bears no date.

        A date has whole seconds, and was written some time between question and answer.
        """
        try:
            shown = parsedate_to_datetime(self.date).timestamp()
        except (TypeError, ValueError):
            return None
        return Clock(least=shown - self.answered, most=shown + 1 - self.asked)

    @property
    def max_age(self) -> int | None:
        """Seconds that the answer may be kept; None where it does not say."""
        found = re.search(r"max-age=(\d+)", self.kept)
        return int(found[1]) if found else None


def ask(cluster: "Cluster", path: str, *, server: str = "", deadline: float = 10.0) -> Head:
    """What a server's answer says of itself.

    Args:
        cluster: live or a snapshot.
        path: of anything that it answers; the status does not matter.
        server: its name, see `AskHttp`; empty: the API server.
        deadline: seconds.

    Raises:
        BadAnswer: the answer bears no date.
        NotInstalled, Unreachable, DeadlineExceeded, NotInSnapshot.

    """
    answer = cluster.reader.answer(AskHead(path=path, server=server), deadline=deadline)
    head = decode(answer.body, decoder_for(Head), where=path)
    if head.clock is None:
        raise BadAnswer(
            f"The answer bears no date that can be read: {head.date!r}.",
            where=f"{server or 'the API server'} {path}",
            hint="look at what stands before the server",
        )
    return head
