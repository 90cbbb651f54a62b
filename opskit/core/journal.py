"""What a run did, in the order in which it did it: durable before each act, and evident when tampered with.

JSON lines. Each record holds the hash of the one before it; the last hash stands outside of the
file too (`core/anchor.py`, and the annotations of the run's Lease). Records are ordered by their
sequence number; their times are for people.
"""

import errno
import fcntl
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from opskit.core.anchor import Anchor, Head, sync_folder, write_all
from opskit.core.chain import FIRST, Record, check, parse
from opskit.core.errors import JournalDamaged, JournalUnwritable, LockHeld, UsageError
from opskit.core.secrets import scrub


class Journal:
    """A run's journal, open for appending. One process at a time holds it.

    Use `Journal.create` or `Journal.open`.
    """

    def __init__(self, path: Path, *, run: str, anchor: Anchor, descriptor: int) -> None:
        self.path = path
        self.run = run
        self._anchor = anchor
        self._descriptor = descriptor
        self._records: list[Record] = []
        self._size = 0

    @classmethod
    def create(cls, path: Path, *, run: str, heads: Path | None = None) -> "Journal":
        """Begin a journal.

        Args:
            path: the file; it must not exist.
            run: the run's id, a file name.
            heads: where heads are kept; the default is the user's state folder.

        Raises:
            UsageError: the file exists.
            JournalUnwritable: it can't be made.

        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            sync_folder(path.parent)
        except FileExistsError as error:
            raise UsageError(
                "The journal exists already.", where=str(path), hint=f"use `opskit resume {run}`"
            ) from error
        except OSError as error:
            raise _unwritable(path, error) from error
        journal = cls(path, run=run, anchor=Anchor(run, folder=heads), descriptor=descriptor)
        journal._hold()
        return journal

    @classmethod
    def open(
        cls, path: Path, *, run: str = "", heads: Path | None = None, anchors: Iterable[Head] = ()
    ) -> "Journal":
        """Open a journal to go on with it; a line that a crash tore off is removed.

        Args:
            path: the file.
            run: whose journal it has to be; the default is the folder's name.
            heads: where heads are kept.
            anchors: heads that were kept elsewhere, e.g. in the run's Lease.

        Raises:
            JournalDamaged: a record was altered, removed, added or moved; the message says which.
            LockHeld: another process works on this run.
            UsageError: there is no such file.

        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError as error:
            raise UsageError("There is no journal.", where=str(path), hint="see `opskit runs`") from error
        except OSError as error:
            raise _unwritable(path, error) from error
        own = run or path.parent.name
        try:
            journal = cls(path, run=own, anchor=Anchor(own, folder=heads), descriptor=descriptor)
            journal._hold()
            journal._load(heads, tuple(anchors), expected=run)
        except BaseException:
            os.close(descriptor)
            raise
        return journal

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, oldest first."""
        return tuple(self._records)

    @property
    def head(self) -> Head:
        """The last record's number and hash."""
        last = self._records[-1] if self._records else None
        return Head(seq=last.seq, hash=last.hash) if last else Head(hash=FIRST)

    def require_holds(self, head: Head) -> None:
        """Compare with a head that was kept elsewhere, e.g. in the run's Lease.

        Raises:
            JournalDamaged: records are missing, or were written anew.

        """
        check(self._records, self._anchor.read(), (head,), where=str(self.path))

    def append(self, phase: str, *, step: str = "", data: dict[str, Any] | None = None) -> Record:
        """Add a record and make it durable, file and head.

        Args:
            phase: what happened, e.g. `intent`.
            step: the step's id; empty for the whole run.
            data: JSON; values of secrets are scrubbed.

        Raises:
            JournalUnwritable: it is not durable; the journal is as before.

        """
        if self._descriptor < 0:
            closed = OSError(errno.EBADF, "it was closed after a write that failed", str(self.path))
            raise _unwritable(self.path, closed)
        head = self.head
        record = Record(
            seq=head.seq + 1,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            run=self.run,
            step=step,
            phase=phase,
            data=scrubbed(data or {}),
            prev=head.hash,
        ).sealed()
        try:
            self._write(record, head)
        except OSError as error:
            self._take_back()
            raise _unwritable(self.path, error) from error
        self._records.append(record)
        return record

    def _write(self, record: Record, head: Head) -> None:
        """Announce the record, write it, then anchor it: a crash in between is told from tampering."""
        line = msgspec.json.encode(record) + b"\n"
        self._anchor.write(replace(head, coming=record.hash))
        write_all(self._descriptor, line)
        os.fsync(self._descriptor)
        self._anchor.write(Head(seq=record.seq, hash=record.hash))
        self._size += len(line)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)
        except OSError:
            # The head still says that this record was only coming, so that it is repaired when opened.
            self.close()

    def _hold(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LockHeld(
                "Another process on this machine works on this run.",
                where=str(self.path),
                hint="wait for it, or stop it",
            ) from error

    def _load(self, heads: Path | None, anchors: tuple[Head, ...], *, expected: str) -> None:
        content = self.path.read_bytes()
        records = parse(content, where=str(self.path))
        _require_of(records, expected, self.path)
        if records:
            self.run = records[0].run
            self._anchor = Anchor(self.run, folder=heads)
        check(records, self._anchor.read(), anchors, where=str(self.path))
        self._records = records
        self._size = content.rfind(b"\n") + 1
        os.ftruncate(self._descriptor, self._size)
        self._anchor.write(self.head)


def read(
    path: Path, *, run: str = "", heads: Path | None = None, anchors: Iterable[Head] = ()
) -> list[Record]:
    """The records of a journal, verified, without opening it for appending.

    Args and errors are those of `Journal.open`.
    """
    records = parse(path.read_bytes(), where=str(path))
    _require_of(records, run, path)
    own = records[0].run if records else run or path.parent.name
    check(records, Anchor(own, folder=heads).read(), tuple(anchors), where=str(path))
    return records


def _require_of(records: list[Record], run: str, path: Path) -> None:
    if run and records and records[0].run != run:
        raise JournalDamaged(
            f"It is the journal of run {records[0].run}, not of {run}.",
            where=str(path),
            hint="put back this run's own journal",
        )


def scrubbed(data: dict[str, Any]) -> dict[str, Any]:
    """The data as JSON values without the values of secrets."""
    return _scrubbed(msgspec.to_builtins(data))


def _scrubbed(value: Any) -> Any:
    match value:
        case str():
            return scrub(value)
        case dict():
            return {scrub(str(key)): _scrubbed(each) for key, each in value.items()}
        case list() | tuple():
            return [_scrubbed(each) for each in value]
        case _:
            return value


def _unwritable(path: Path, error: OSError) -> JournalUnwritable:
    return JournalUnwritable(
        f"The journal can't be written: {error.strerror or error}. Nothing is sent without a durable record.",
        where=str(error.filename or path),
        hint="free space or mend the file system, then resume",
    )
