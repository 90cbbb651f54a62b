"""What a real cluster answered, with single answers altered by code: so each case of a table differs from the
recording in just the words that it is about."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import msgspec

from opskit.core import selectors
from opskit.core.cluster import Cluster
from opskit.core.demo import parts
from opskit.core.errors import NotFound, NotInSnapshot, NotInstalled, ReadError
from opskit.core.reads import (
    Answer,
    AskHttp,
    ClusterInfo,
    GetObject,
    GetPath,
    ListObjects,
    QueryMetrics,
    Read,
    Reader,
    RunTool,
    key,
)
from opskit.core.snapshot import SnapshotReader, describe

Json = dict[str, Any]
Objects = list[Json]
Alter = Callable[[Objects], Objects]
Edit = tuple[str, Alter | ReadError | bytes]
"""Plural, or words of a question; what becomes of its objects or answer, the error, or the body."""


def put(plural: str, path: str, value: Any, *, name: str = "") -> Edit:
    """Set a field, `spec.disabled` or `status.peers.0.state`, of the named object or of all."""

    def alter(objects: Objects) -> Objects:
        for each in objects:
            if name in ("", each["metadata"]["name"]):
                _set(each, path.split("."), value)
        return objects

    return plural, alter


def _set(held: Any, path: Sequence[str], value: Any) -> None:
    for word in path[:-1]:
        held = held[int(word)] if isinstance(held, list) else held.setdefault(word, {})
    last = path[-1].replace("|", ".")
    held[int(last) if isinstance(held, list) else last] = value


def drop(plural: str, *names: str) -> Edit:
    """Take the named objects away, or all."""
    return plural, lambda objects: [
        each for each in objects if names and each["metadata"]["name"] not in names
    ]


def add(plural: str, *objects: Json) -> Edit:
    """Further objects."""
    return plural, lambda held: [*held, *objects]


def double(plural: str, name: str, new: str, **fields: Any) -> Edit:
    """One more object like the named one; fields are paths with `__` for dots."""

    def alter(objects: Objects) -> Objects:
        made = [copy.deepcopy(each) for each in objects if each["metadata"]["name"] == name]
        for each in made:
            each["metadata"] |= {"name": new, "uid": f"uid-of-{new}"}
            for path, value in fields.items():
                _set(each, path.split("__"), value)
        return [*objects, *made]

    return plural, alter


def fails(words: str, error: ReadError) -> Edit:
    """Every question that has these words in it, or this plural, fails."""
    return words, error


def says(words: str, body: bytes) -> Edit:
    """Every question that has these words in it gets this answer."""
    return words, body


def told(words: str, alter: Callable[[Any], Any]) -> Edit:
    """Every JSON answer to a question that has these words in it is altered in place, or replaced."""

    def whole(answer: Any) -> Any:
        made = alter(answer)
        return answer if made is None else made

    return words, whole


class Altered:
    """A reader over another one, with edits; whatever they don't touch is answered as it was recorded."""

    def __init__(self, reader: Reader, edits: Sequence[Edit], *, later: timedelta = timedelta()) -> None:
        self.reader, self.edits, self.later = reader, edits, later

    def info(self) -> ClusterInfo:
        return self.reader.info()

    def now(self) -> datetime:
        return self.reader.now() + self.later

    def close(self) -> None:
        self.reader.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        self._fail(read)
        wanted = selectors.parse(read.selector)
        for page in self._recorded(read, deadline):
            whole = json.loads(page)
            found = self._altered(read, whole.get("items") or [])
            labelled = [
                each for each in found if selectors.matches(wanted, each["metadata"].get("labels") or {})
            ]
            yield json.dumps(whole | {"items": labelled}).encode()

    def _recorded(self, read: ListObjects, deadline: float) -> list[bytes]:
        """A list that was not recorded, or not served, is empty where something is added to it."""
        try:
            return list(self.reader.pages(read, deadline=deadline))
        except (NotInSnapshot, NotInstalled):
            if not any(callable(alter) and _about(read, plural) for plural, alter in self.edits):
                raise
            return [b'{"items": []}']

    def answer(self, read: Read, *, deadline: float) -> Answer:
        self._fail(read)
        for words, body in self.edits:
            if isinstance(body, bytes) and _about(read, words):
                return Answer(body=body)
        found = self.reader.answer(read, deadline=deadline)
        if not isinstance(read, GetObject):
            return self._retold(read, found)
        left = self._altered(read, [json.loads(found.body)])
        named = [each for each in left if each["metadata"]["name"] == read.name]
        if not named:
            raise NotFound(f"There is no {read.plural} {read.name!r}.")
        return Answer(body=json.dumps(named[0]).encode())

    def _retold(self, read: Read, found: Answer) -> Answer:
        alters = [alter for words, alter in self.edits if callable(alter) and _about(read, words)]
        body: Any = json.loads(found.body) if alters else None
        for alter in alters:
            body = alter(body)
        return msgspec.structs.replace(found, body=json.dumps(body).encode()) if alters else found

    def answers(self, reads: Sequence[RunTool], session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None] * len(reads)

    def _fail(self, read: Read) -> None:
        for words, error in self.edits:
            if isinstance(error, ReadError) and _about(read, words):
                raise error

    def _altered(self, read: ListObjects | GetObject, objects: Objects) -> Objects:
        for plural, alter in self.edits:
            if callable(alter) and _about(read, plural):
                objects = alter(objects)
        return objects


def _about(read: Read, words: str) -> bool:
    match read:
        case ListObjects() | GetObject():
            return words in (read.plural, f"{read.plural}.{read.group}", "every list")
        case RunTool():
            return words in " ".join(read.argv)
        case AskHttp():
            return words in f"{read.server}{read.path}"
        case GetPath():
            return words in read.path
        case QueryMetrics():
            return words in read.query
        case _:
            return words in f"{describe(read)} {key(read)}"


def ago(system: str, **back: float) -> str:
    """The moment that long before a system's recording of the demo, as a server writes it.

    Args:
        system: whose recording.
        back: as for `timedelta`.

    """
    with closing(SnapshotReader(parts("demo")[system])) as reader:
        return (reader.now() - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cluster(system: str, *edits: Edit, state: str = "default", later: timedelta = timedelta()) -> Cluster:
    """A system's recording of the demo, altered.

    Args:
        system: whose recording.
        edits: what differs, in this order.
        state: of the demo.
        later: how long after the recording it is now.

    """
    reader = SnapshotReader(parts(f"demo:{state}" if state != "default" else "demo")[system])
    return Cluster(Altered(reader, edits, later=later), settings=reader.manifest.settings)
