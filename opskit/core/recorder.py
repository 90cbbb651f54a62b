"""Keeps what is read from a cluster, redacted, and saves it as a snapshot."""

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import ConfigError, ListExpired, NotInSnapshot, ReadError
from opskit.core.reads import (
    Answer,
    Answers,
    ClusterInfo,
    GetObject,
    ListObjects,
    Place,
    Read,
    Reader,
    RunTool,
    Session,
    key,
)
from opskit.core.redact import redact, redact_text
from opskit.core.snapshot_format import COMMENT, FORMAT, MANIFEST, Entry, Failure, Manifest, Part, failure_of

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of each file in the archive, so that equal captures are equal files."""


class _Kept(msgspec.Struct):
    read: Read
    bodies: list[bytes]
    answer: Answer | None = None
    failure: Failure | None = None


class Recorder:
    """A reader that passes everything on and keeps it. What failed is kept, too.

    Args:
        reader: the reader that answers.

    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.taken = reader.now()
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def info(self) -> ClusterInfo:
        """What answers."""
        return self.reader.info()

    def now(self) -> datetime:
        """The present of the reader that answers."""
        return self.reader.now()

    def close(self) -> None:
        """Close the reader that answers."""
        self.reader.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        """The list's pages; kept when the last one has been taken."""
        bodies: list[bytes] = []
        try:
            for page in self.reader.pages(read, deadline=deadline):
                bodies.append(redact(page, plural=_plural(read)))
                yield page
        except (ListExpired, NotInSnapshot):
            raise
        except ReadError as error:
            self._keep(_Kept(read, [], failure=_redacted(error)))
            raise
        self._keep(_Kept(read, bodies))

    def answer(self, read: Read, *, deadline: float) -> Answer:
        """One answer."""
        try:
            answer = self.reader.answer(read, deadline=deadline)
        except NotInSnapshot:
            raise
        except ReadError as error:
            self._keep(_Kept(read, [], failure=_redacted(error)))
            raise
        body = redact(answer.body, plural=_plural(read))
        self._keep(_Kept(read, [body], answer=answer))
        return answer

    def answers(
        self, reads: Sequence[RunTool], session: Session, *, place: Place, deadline: float
    ) -> Answers:
        """What a session answers, each kept as if it had been asked alone."""
        answers = self.reader.answers(reads, session, place=place, deadline=deadline)
        for read, answer in zip(reads, answers, strict=True):
            if answer is not None:
                self._keep(_Kept(read, [redact(answer.body, plural="")], answer=answer))
        return answers

    def lists(self) -> list[tuple[ListObjects, list[bytes]]]:
        """The lists of objects that were read so far, and their pages, redacted."""
        with self._lock:
            kept = [(each.read, each.bodies) for each in self._kept.values()]
        return [(read, bodies) for read, bodies in kept if isinstance(read, ListObjects)]

    def save(self, path: str | Path, *, settings: Mapping[str, Mapping[str, Any]] | None = None) -> Path:
        """Write the snapshot: to a file beside it, then renamed; mode 0600.

        Args:
            path: the snapshot's file.
            settings: the cluster's settings, which decide what is asked.

        Raises:
            ConfigError: it can't be written there.

        """
        target = Path(path)
        with self._lock:
            kept = [self._kept[each] for each in sorted(self._kept)]
        try:
            _write(target, kept, self._manifest(kept, settings or {}))
        except OSError as error:
            raise ConfigError(
                f"The snapshot can't be written: {error.strerror or error}.",
                where=str(target),
                hint="choose a folder that exists, is yours and has room",
            ) from error
        return target

    def _keep(self, kept: _Kept) -> None:
        with self._lock:
            self._kept[key(kept.read)] = kept

    def _manifest(self, kept: list[_Kept], settings: Mapping[str, Mapping[str, Any]]) -> Manifest:
        info = msgspec.structs.replace(self.info(), live=False, taken=self.taken)
        return Manifest(
            format=FORMAT,
            info=info,
            taken=self.taken,
            settings={name: dict(each) for name, each in settings.items()},
            entries=tuple(_entry(number, each) for number, each in enumerate(kept)),
        )


def _plural(read: Read) -> str:
    if isinstance(read, ListObjects | GetObject) and not read.group:
        return read.plural
    return ""


def _redacted(error: ReadError) -> Failure:
    failure = failure_of(error)
    return msgspec.structs.replace(failure, what=_text(failure.what), stderr=_text(failure.stderr))


def _text(text: str) -> str:
    return redact_text(text.encode()).decode(errors="replace")


def _entry(number: int, kept: _Kept) -> Entry:
    answer = kept.answer or Answer(body=b"")
    return Entry(
        read=kept.read,
        parts=tuple(
            Part(name=_name(number, page), size=len(body), sha256=hashlib.sha256(body).hexdigest())
            for page, body in enumerate(kept.bodies)
        ),
        exit_code=answer.exit_code,
        stderr=_text(answer.stderr),
        status=answer.status,
        failure=kept.failure,
    )


def _name(number: int, page: int) -> str:
    return f"answers/{number:05d}-{page:04d}"


def _write(target: Path, kept: list[_Kept], manifest: Manifest) -> None:
    # mkstemp makes the file 0600, and os.replace keeps that.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                _fill(archive, kept, msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _fill(archive: zipfile.ZipFile, kept: list[_Kept], manifest: bytes) -> None:
    for number, each in enumerate(kept):
        for page, body in enumerate(each.bodies):
            _add(archive, _name(number, page), body)
    _add(archive, MANIFEST, manifest)
    archive.comment = COMMENT + hashlib.sha256(manifest).hexdigest().encode()


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, body)
