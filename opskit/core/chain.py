"""A chain of records: each holds the hash of the one before it, so that any change to one shows."""

import hashlib
from typing import Any

import msgspec
from msgspec.structs import replace

from opskit.core.anchor import Head
from opskit.core.errors import JournalDamaged
from opskit.core.findings import Data
from opskit.core.plan import canonical

FIRST = "0" * 64
"""What the first record holds as the hash before it."""


class Record(Data, frozen=True):
    """One line of the journal."""

    seq: int
    """From 1."""
    at: str
    """Wall time in UTC, ISO 8601."""
    run: str
    step: str
    """Empty for what concerns the whole run."""
    phase: str
    data: dict[str, Any]
    prev: str
    hash: str = ""
    """SHA-256 of all of the above as canonical JSON."""

    def sealed(self) -> "Record":
        """The record with its hash."""
        return replace(self, hash=self._digest())

    @property
    def sound(self) -> bool:
        """Whether the hash is that of the content."""
        return self.hash == self._digest()

    def _digest(self) -> str:
        return hashlib.sha256(canonical(replace(self, hash=""))).hexdigest()


def parse(content: bytes, *, where: str) -> list[Record]:
    """The records of the whole lines; what follows the last newline was torn off by a crash.

    Raises:
        JournalDamaged: a line that is no record, a wrong hash, a gap or a changed order.

    """
    records: list[Record] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        record = _decoded(line, number, where)
        before = records[-1] if records else None
        _require_next(record, before, number, where)
        records.append(record)
    return records


def _decoded(line: bytes, number: int, where: str) -> Record:
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise JournalDamaged(f"Record {number} can't be read: {error}", where=where, hint=LOOK) from error
    # The line itself must be what was written: unknown fields or other spelling are no part of the hash.
    if not record.sound or msgspec.json.encode(record) != line:
        raise JournalDamaged(f"Record {number} was altered.", where=where, hint=LOOK)
    return record


def _require_next(record: Record, before: Record | None, number: int, where: str) -> None:
    expected = before.hash if before else FIRST
    if record.seq == number and record.prev == expected and (before is None or before.run == record.run):
        return
    raise JournalDamaged(
        f"Record {number} does not follow the one before it: it has number {record.seq}; "
        "a record was removed, added or moved.",
        where=where,
        hint=LOOK,
    )


def check(records: list[Record], head: Head | None, others: tuple[Head, ...], *, where: str) -> None:
    """Compare a journal with the heads that were kept outside of it.

    Raises:
        JournalDamaged: records are missing at the end, or were written anew, or no head is left.

    """
    if head is None and not others and records:
        raise JournalDamaged("The journal's head is missing.", where=where, hint=_ELSEWHERE)
    for each in others:
        _require_holds(records, each, where)
    if head is None:
        return
    _require_holds(records, head, where)
    extra = records[head.seq :]
    if len(extra) > 1 or (extra and extra[0].hash != head.coming):
        raise JournalDamaged(f"Record {head.seq + 1} was added by something else.", where=where, hint=LOOK)


def _require_holds(records: list[Record], head: Head, where: str) -> None:
    if head.seq > len(records):
        raise JournalDamaged(
            f"The journal ends at record {len(records)}, but record {head.seq} was written: "
            f"records {len(records) + 1} to {head.seq} were removed.",
            where=where,
            hint=LOOK,
        )
    found = records[head.seq - 1].hash if head.seq else FIRST
    if found != head.hash:
        raise JournalDamaged(f"The journal was written anew up to record {head.seq}.", where=where, hint=LOOK)


LOOK = "do not go on from this journal: look at the system itself, and keep the file for the inquiry"
_ELSEWHERE = "resume where the run was started, or while its Lease still holds the head"
