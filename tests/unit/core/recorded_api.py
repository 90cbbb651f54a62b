"""What a cluster of the demo answered, served over HTTPS as an API server does; and how it is broken."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from opskit.core.demo import parts
from opskit.core.kinds import resource_path
from opskit.core.reads import GetObject, ListObjects
from opskit.core.snapshot import SnapshotReader
from tests.unit.core.conftest import Asked, FaultyServer, Reply, status

Json = dict[str, Any]


def served(*systems: str) -> dict[str, list[Json]]:
    """Path of each recorded list → its objects, of these systems."""
    found: dict[str, list[Json]] = {}
    for system in systems:
        with_all = SnapshotReader(parts("demo")[system])
        for entry in with_all.manifest.entries:
            if entry.failure is None and isinstance(entry.read, ListObjects):
                path = resource_path(entry.read.group, entry.read.version, entry.read.plural)
                found.setdefault(path, []).extend(_of(with_all, entry.read))
            elif entry.failure is None and isinstance(entry.read, GetObject):
                path = resource_path(entry.read.group, entry.read.version, entry.read.plural)
                found.setdefault(path, []).append(json.loads(with_all.answer(entry.read, deadline=1).body))
        with_all.close()
    return found


def _of(reader: SnapshotReader, read: ListObjects) -> Iterator[Json]:
    for page in reader.pages(read, deadline=1):
        yield from json.loads(page).get("items") or []


class RecordedApi:
    """Answers by path from recorded lists.

    Args:
        server: what it answers through.
        lists: see `served`.
        broken: what comes first: a reply instead of the recorded answer, or None.

    """

    def __init__(
        self, server: FaultyServer, lists: dict[str, list[Json]], broken: Callable[[Asked], Reply | None]
    ) -> None:
        self.lists, self.broken = lists, broken
        server.reply = self.reply

    def reply(self, asked: Asked) -> Reply | None:
        told = self.broken(asked)
        if told is not None or asked.path in ("/version", "/api/v1/namespaces/kube-system"):
            return told
        head, namespaced, tail = asked.path.partition("/namespaces/")
        space, _, rest = tail.partition("/") if namespaced else ("", "", "")
        whole = f"{head}/{rest}" if rest else asked.path
        if whole in self.lists:
            return Reply({"items": [one for one in self.lists[whole] if _in(one, space)]})
        collection, _, name = whole.rpartition("/")
        for one in self.lists.get(collection, []):
            if one["metadata"]["name"] == name and _in(one, space):
                return Reply(one)
        if collection in self.lists:
            return status(404, "NotFound", f"{name} not found", name=name)
        return None


def _in(one: Json, space: str) -> bool:
    return not space or one["metadata"].get("namespace") == space


__all__ = ["FaultyServer", "RecordedApi", "served"]
