"""A recorded cluster: every read is looked up, and never guessed."""

import hashlib
import lzma
import shlex
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import NotFound, NotInSnapshot, NotInstalled, SnapshotDamaged
from opskit.core.reads import (
    Answer,
    Answers,
    AskHead,
    AskHttp,
    ClusterInfo,
    GetMetadata,
    GetObject,
    GetPath,
    Handshake,
    InPod,
    ListObjects,
    Local,
    NamedPod,
    OnNode,
    Place,
    QueryMetrics,
    Read,
    ReadLogs,
    RunTool,
    SearchDirectory,
    Session,
    key,
)
from opskit.core.snapshot_format import COMMENT, FORMAT, MANIFEST, Entry, Header, Manifest, error_of

LARGEST = 2 << 30
"""Bytes, uncompressed, beyond which a file is no snapshot of ours."""

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the zip library raises for damaged files; NotImplementedError is a RuntimeError."""


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str | None = None


class _Item(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    items: list[msgspec.Raw] | None = None


class SnapshotReader:
    """Answers from a snapshot.

    Args:
        path: the snapshot's file.
        name: what the user calls it; None is the recorded cluster's name.

    Raises:
        SnapshotDamaged: cut off, altered, of an unknown format, or no snapshot at all.

    """

    def __init__(self, path: str | Path, *, name: str | None = None) -> None:
        self.path = Path(path)
        self._archive = _opened(self.path)
        try:
            self.manifest = _manifest(self._archive, self.path)
            self._verify()
        except SnapshotDamaged:
            self._archive.close()
            raise
        self._name = name
        self._entries = {key(entry.read): entry for entry in self.manifest.entries}
        self._objects: dict[str, dict[tuple[str | None, str], bytes]] = {}

    def info(self) -> ClusterInfo:
        """What was recorded."""
        info = self.manifest.info
        return msgspec.structs.replace(info, name=self._name) if self._name else info

    def now(self) -> datetime:
        """The moment that the snapshot was taken."""
        return self.manifest.taken

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:  # noqa: ARG002 - no waiting here
        """The recorded pages of this list, or of a wider one."""
        entry = self._list_entry(read)
        if entry is None:
            raise self._missing(read)
        if entry.failure:
            raise error_of(entry.failure)
        for part in entry.parts:
            yield self._archive.read(part.name)

    def answer(self, read: Read, *, deadline: float) -> Answer:  # noqa: ARG002 - no waiting here
        """The recorded answer; an object is also found in a recorded list."""
        entry = self._entries.get(key(read))
        if entry is None and isinstance(read, GetObject):
            return Answer(body=self._from_list(read))
        if entry is None:
            raise self._missing(read)
        if entry.failure:
            raise error_of(entry.failure)
        body = b"".join(self._archive.read(part.name) for part in entry.parts)
        return Answer(body=body, exit_code=entry.exit_code, stderr=entry.stderr, status=entry.status)

    def answers(
        self,
        reads: Sequence[RunTool],
        session: Session,  # noqa: ARG002 - answers are recorded one by one
        *,
        place: Place,  # noqa: ARG002
        deadline: float,  # noqa: ARG002
    ) -> Answers:
        """Nothing: each is asked alone, and looked up."""
        return [None] * len(reads)

    def _list_entry(self, read: ListObjects) -> Entry | None:
        """The narrowest recorded list that holds all that is asked."""
        for namespace in dict.fromkeys((read.namespace, None)):
            for selector in dict.fromkeys((read.selector or None, None)):
                wider = msgspec.structs.replace(read, namespace=namespace, selector=selector)
                entry = self._entries.get(key(wider))
                if entry and (wider == read or _answers_narrower(entry)):
                    return entry
        return None

    def _from_list(self, read: GetObject) -> bytes:
        listed = ListObjects(
            group=read.group, version=read.version, plural=read.plural, namespace=read.namespace
        )
        entry = self._list_entry(listed)
        if entry is None:
            raise self._missing(read)
        if entry.failure:
            raise error_of(entry.failure)
        found = self._indexed(entry).get((read.namespace, read.name))
        if found is None:
            raise NotFound(
                f"There was no {read.plural} {read.name!r} when the snapshot was taken.",
                where=str(self.path),
                hint="list what is there, and check the name and the namespace",
            )
        return found

    def _indexed(self, entry: Entry) -> dict[tuple[str | None, str], bytes]:
        name = key(entry.read)
        if name not in self._objects:
            self._objects[name] = dict(self._objects_of(entry))
        return self._objects[name]

    def _objects_of(self, entry: Entry) -> Iterator[tuple[tuple[str | None, str], bytes]]:
        for part in entry.parts:
            page = msgspec.json.decode(self._archive.read(part.name), type=_Page)
            for raw in page.items or []:
                meta = msgspec.json.decode(raw, type=_Item).metadata
                yield (meta.namespace, meta.name), _typed(bytes(raw), page)

    def _missing(self, read: Read) -> NotInSnapshot:
        return NotInSnapshot(
            f"The snapshot does not hold {describe(read)}. This says nothing about the cluster.",
            where=str(self.path),
            hint="capture it anew from the live cluster with `opskit capture`, or open the live cluster",
        )

    def _verify(self) -> None:
        names = set(self._archive.namelist())
        for part in (part for entry in self.manifest.entries for part in entry.parts):
            if part.name not in names:
                raise _damaged(self.path, f"its entry {part.name} is missing")
            try:
                body = self._archive.read(part.name)
            except _UNREADABLE as error:
                raise _damaged(self.path, f"its entry {part.name} can't be read ({error})") from error
            if len(body) != part.size or hashlib.sha256(body).hexdigest() != part.sha256:
                raise _damaged(self.path, f"its entry {part.name} is not what was recorded")


def describe(read: Read) -> str:
    """What a read asks for, in words."""
    match read:
        case ListObjects():
            place = f" in namespace {read.namespace}" if read.namespace else " in all namespaces"
            chosen = f" with {read.selector}" if read.selector else ""
            return f"the list of {_resource(read)}{place}{chosen}"
        case GetObject():
            return f"{_resource(read)} {read.namespace + '/' if read.namespace else ''}{read.name}"
        case GetMetadata():
            place = f"{read.namespace}/" if read.namespace else ""
            return f"the metadata of {_resource(read)} {place}{read.name}"
        case GetPath():
            return f"the path {read.path}"
        case RunTool():
            return f"`{shlex.join(read.argv)}` {_where(read.place)}"
        case AskHttp():
            return f"{read.path} of the server {read.server}"
        case Handshake():
            return f"the certificate that {read.host}:{read.port} shows for {read.name or read.host}"
        case SearchDirectory():
            return f"the search for {read.filter} below {read.base} in the directory {read.server}"
        case AskHead():
            return f"when {read.server or 'the API server'} answered {read.path} by its own clock"
        case QueryMetrics():
            return f"the query {read.query!r} over {read.window_seconds} s in steps of {read.step_seconds} s"
        case ReadLogs():
            return f"logs of {read.selector} in {read.namespace} over {read.since_seconds} s"


def _where(place: Place) -> str:
    match place:
        case InPod():
            return f"in a pod of {place.selector} (namespace {place.namespace})"
        case NamedPod():
            return f"in pod {place.namespace}/{place.name}"
        case OnNode():
            return f"on node {place.name}"
        case Local():
            return "on this machine"


def _resource(read: ListObjects | GetObject | GetMetadata) -> str:
    return f"{read.plural}.{read.group}" if read.group else read.plural


def _answers_narrower(entry: Entry) -> bool:
    """A wide list that was forbidden says nothing about a narrow one; one that is not served does."""
    return entry.failure is None or entry.failure.error == NotInstalled.__name__


def _typed(raw: bytes, page: _Page) -> bytes:
    """A list's items may lack `apiVersion` and `kind`, which a single object carries."""
    item: dict[str, Any] = msgspec.json.decode(raw)
    kind = page.kind.removesuffix("List")
    return msgspec.json.encode({"apiVersion": page.api_version, "kind": kind} | item)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise _damaged(path, f"it is cut off, or no snapshot ({error})") from error
    except OSError as error:
        raise SnapshotDamaged(
            f"The snapshot can't be read: {error.strerror or error}.",
            where=str(path),
            hint="check path and rights",
        ) from error
    if sum(each.file_size for each in archive.infolist()) > LARGEST:
        archive.close()
        raise _damaged(path, f"it would unpack to more than {LARGEST >> 30} GiB")
    return archive


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        body = archive.read(MANIFEST)
    except (KeyError, *_UNREADABLE) as error:
        raise _damaged(path, f"its {MANIFEST} can't be read ({error})") from error
    if archive.comment != COMMENT + hashlib.sha256(body).hexdigest().encode():
        raise _damaged(path, f"its {MANIFEST} is not what was written")
    try:
        found = msgspec.json.decode(body, type=Header).format
        if found != FORMAT:
            raise _damaged(path, f"it has format {found}, and this opskit reads format {FORMAT}")
        return msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged(path, f"its {MANIFEST} can't be understood ({error})") from error


def _damaged(path: Path, why: str) -> SnapshotDamaged:
    return SnapshotDamaged(
        f"The snapshot is damaged: {why}.",
        where=str(path),
        hint="copy it again from its source, or capture it anew",
    )
