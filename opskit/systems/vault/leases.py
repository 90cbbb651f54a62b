"""Leases by prefix: counted by listing, their ages by a sample. What was leased is never asked."""

from collections.abc import Callable
from datetime import datetime

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.parts import Unread, known, settle
from opskit.systems.vault import client
from opskit.systems.vault.answers import Lease

LISTS = 300
"""At most so many prefixes are listed."""
SAMPLE = 10
"""Leases of a prefix that are looked at for their age."""
LOOKUPS = 150


class Prefix(Data, frozen=True):
    """Leases under one path, e.g. `database/creds/app`."""

    path: str
    leases: int
    sample: tuple[Lease, ...] = ()

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of the sample was given."""
        return min((each.issue_time for each in self.sample if each.issue_time), default=None)

    @property
    def longest(self) -> datetime | None:
        """When the last of the sample ends."""
        return max((each.expire_time for each in self.sample if each.expire_time), default=None)


class Leases(Data, frozen=True):
    """All prefixes with leases."""

    prefixes: tuple[Prefix, ...]
    cut: bool = False
    """There are more prefixes than were listed."""

    @property
    def total(self) -> int:
        """Leases that were counted."""
        return sum(each.leases for each in self.prefixes)


def under(cluster: Cluster, prefix: str, *, server: str, most: int) -> tuple[list[str], bool]:
    """IDs of the leases under a prefix, and whether there are more than `most`.

    Raises:
        ReadError: they could not be listed.

    """
    found: list[str] = []
    waiting, lists = [prefix.strip("/")], 0
    while waiting and lists < LISTS and len(found) <= most:
        path = waiting.pop()
        lists += 1
        for key in client.keys(cluster, f"sys/leases/lookup/{path}", server=server):
            whole = f"{path}/{key}".lstrip("/")
            if key.endswith("/"):
                waiting.append(whole.rstrip("/"))
            else:
                found.append(whole)
    return sorted(found)[:most], bool(waiting) or len(found) > most


def read(cluster: Cluster, *, server: str) -> Leases:
    """Count leases by prefix, and look at a few of each.

    Raises:
        ReadError: the first list was refused.

    """
    listed, cut = _listed(cluster, server)
    share = max(1, min(SAMPLE, LOOKUPS // max(1, len(listed))))
    jobs = {
        f"{path}/{key}": _lookup(cluster, server, f"{path}/{key}")
        for path, keys in list(listed.items())[:LOOKUPS]
        for key in (*keys[:share],)
    }
    looked: dict[str, Lease | Unread] = settle(jobs)
    return Leases(
        prefixes=tuple(
            Prefix(path=path, leases=len(keys), sample=_sample(path, looked)) for path, keys in listed.items()
        ),
        cut=cut,
    )


def _listed(cluster: Cluster, server: str) -> tuple[dict[str, list[str]], bool]:
    found: dict[str, list[str]] = {}
    waiting, lists = [""], 0
    while waiting and lists < LISTS:
        path = waiting.pop(0)
        lists += 1
        keys = client.keys(cluster, f"sys/leases/lookup/{path}", server=server)
        waiting += [f"{path}/{key}".strip("/") for key in keys if key.endswith("/")]
        if held := [key for key in keys if not key.endswith("/")]:
            found[path] = held
    return dict(sorted(found.items(), key=lambda each: -len(each[1]))), bool(waiting)


def _lookup(cluster: Cluster, server: str, lease: str) -> Callable[[], Lease]:
    return lambda: lookup(cluster, lease, server=server)


def lookup(cluster: Cluster, lease: str, *, server: str) -> Lease:
    """When a lease was given and ends.

    Raises:
        ReadError: it is gone or may not be looked at.

    """
    return client.data(cluster, "sys/leases/lookup", Lease, server=server, question={"lease_id": lease})


def _sample(path: str, looked: dict[str, Lease | Unread]) -> tuple[Lease, ...]:
    none = Lease()
    mine = [known(each, none) for name, each in looked.items() if name.rpartition("/")[0] == path]
    return tuple(each for each in mine if each.issue_time)
