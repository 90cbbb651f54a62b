"""The journal: durable, ordered, and evident when tampered with."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opskit.core.anchor import Anchor, Head
from opskit.core.chain import Record
from opskit.core.errors import JournalDamaged, JournalUnwritable, LockHeld, UsageError
from opskit.core.journal import Journal, read
from opskit.core.secrets import Secret


def written(folder: Path, count: int = 5) -> tuple[Path, Path]:
    """A journal of some records: its file, and the folder of heads."""
    path, heads = folder / "run" / "journal.jsonl", folder / "heads"
    path.parent.mkdir(parents=True)
    with Journal.create(path, run="run", heads=heads) as journal:
        for number in range(count):
            journal.append("intent", step=f"s{number}", data={"number": number})
    return path, heads


def test_records_are_numbered_chained_and_read_back(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    records = read(path, heads=heads)
    assert [(r.seq, r.step, r.data) for r in records] == [(n + 1, f"s{n}", {"number": n}) for n in range(5)]
    assert [r.prev for r in records[1:]] == [r.hash for r in records[:-1]]


def test_files_are_private(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    for file in (path, heads / "run.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_going_on_continues_the_chain(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    with Journal.open(path, heads=heads) as journal:
        journal.append("done", step="s9")
    assert read(path, heads=heads)[-1].seq == 6


def elsewhere(folder: Path, count: int) -> tuple[Path, Path]:
    """A run whose folder does not carry its name, as with `--out`."""
    path, heads = folder / "out" / "journal.jsonl", folder / "heads"
    path.parent.mkdir()
    with Journal.create(path, run="run-7", heads=heads) as journal:
        for _ in range(count):
            journal.append("intent")
    return path, heads


def test_a_journal_that_was_emptied_is_noticed_in_a_folder_of_any_name(tmp_path: Path) -> None:
    path, heads = elsewhere(tmp_path, 3)
    path.write_bytes(b"")
    with pytest.raises(JournalDamaged):
        Journal.open(path, run="run-7", heads=heads)
    with pytest.raises(JournalDamaged):
        read(path, run="run-7", heads=heads)


def test_going_on_with_an_empty_journal_keeps_the_runs_name(tmp_path: Path) -> None:
    path, heads = elsewhere(tmp_path, 0)
    with Journal.open(path, run="run-7", heads=heads) as journal:
        assert journal.append("opened").run == "run-7"


def test_another_runs_journal_is_not_gone_on_with(tmp_path: Path) -> None:
    path, heads = elsewhere(tmp_path, 2)
    with pytest.raises(JournalDamaged, match="the journal of run run-7, not of run-8"):
        Journal.open(path, run="run-8", heads=heads)


def flip(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b'"number":2', b'"number":7'), *lines[3:]]


def flip_time(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"T", b" ", 1), *lines[1:]]


def delete(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:]]


def reorder(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def duplicate(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[2], *lines[3:]]


def truncate(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def truncate_to_one(lines: list[bytes]) -> list[bytes]:
    return lines[:1]


def empty(_: list[bytes]) -> list[bytes]:
    return []


def cut_the_last(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:20]]


def unknown_field(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'{"seq"', b'{"note":"x","seq"'), *lines[1:]]


def rewrite(lines: list[bytes]) -> list[bytes]:
    """The whole chain anew, with sound hashes."""
    return _chain(len(lines), step="other")


def rewrite_the_last(lines: list[bytes]) -> list[bytes]:
    import msgspec

    last = msgspec.json.decode(lines[-1], type=Record)
    return [
        *lines[:-1],
        msgspec.json.encode(msgspec.structs.replace(last, data={"number": 0}).sealed()) + b"\n",
    ]


def add(lines: list[bytes]) -> list[bytes]:
    import msgspec

    last = msgspec.json.decode(lines[-1], type=Record)
    more = msgspec.structs.replace(last, seq=last.seq + 1, prev=last.hash).sealed()
    return [*lines, msgspec.json.encode(more) + b"\n"]


def _chain(count: int, *, step: str) -> list[bytes]:
    import msgspec

    lines: list[bytes] = []
    prev = "0" * 64
    for seq in range(1, count + 1):
        record = Record(
            seq=seq, at="2026-01-01T00:00:00.000+00:00", run="run", step=step, phase="p", data={}, prev=prev
        ).sealed()
        prev = record.hash
        lines.append(msgspec.json.encode(record) + b"\n")
    return lines


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (flip, "Record 3 was altered"),
        (flip_time, "Record 1 was altered"),
        (unknown_field, "Record 1 was altered"),
        (delete, "Record 3 does not follow"),
        (reorder, "Record 2 does not follow"),
        (duplicate, "Record 4 does not follow"),
        (truncate, "ends at record 4, but record 5 was written"),
        (truncate_to_one, "records 2 to 5 were removed"),
        (empty, "records 1 to 5 were removed"),
        (cut_the_last, "records 5 to 5 were removed"),
        (rewrite, "written anew up to record 5"),
        (rewrite_the_last, "written anew up to record 5"),
        (add, "Record 6 was added by something else"),
    ],
)
def test_tampering_is_found_and_named(
    tamper: Callable[[list[bytes]], list[bytes]], says: str, tmp_path: Path
) -> None:
    path, heads = written(tmp_path)
    path.write_bytes(b"".join(tamper(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(JournalDamaged, match=says):
        read(path, heads=heads)
    with pytest.raises(JournalDamaged, match=says):
        Journal.open(path, heads=heads)


def test_rewriting_journal_and_head_is_found_by_the_head_in_the_lease(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    kept_in_lease = Journal.open(path, heads=heads).head
    lines = rewrite(path.read_bytes().splitlines(keepends=True))
    path.write_bytes(b"".join(lines))
    import msgspec

    last = msgspec.json.decode(lines[-1], type=Record)
    Anchor("run", folder=heads).write(Head(seq=last.seq, hash=last.hash))
    assert read(path, heads=heads)
    with pytest.raises(JournalDamaged, match="written anew up to record 5"):
        read(path, heads=heads, anchors=[kept_in_lease])


def test_a_missing_head_is_found(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    (heads / "run.json").unlink()
    with pytest.raises(JournalDamaged, match="head is missing"):
        Journal.open(path, heads=heads)


def test_a_damaged_head_is_found(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    (heads / "run.json").write_bytes(b'{"seq": 5')
    with pytest.raises(JournalDamaged, match="head can't be read"):
        Journal.open(path, heads=heads)


@pytest.mark.parametrize("kept", [0, 1, 30])
def test_a_line_that_a_crash_tore_off_is_repaired(kept: int, tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    before = Anchor("run", folder=heads).read()
    assert before is not None
    add_line = add(lines)[-1]
    import msgspec

    coming = msgspec.json.decode(add_line, type=Record).hash
    Anchor("run", folder=heads).write(msgspec.structs.replace(before, coming=coming))
    path.write_bytes(b"".join(lines) + add_line[:kept])
    with Journal.open(path, heads=heads) as journal:
        assert journal.append("done").seq == 6
    assert len(read(path, heads=heads)) == 6


def test_a_record_whose_head_was_not_yet_written_counts(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    import msgspec

    records = read(path, heads=heads)
    Anchor("run", folder=heads).write(Head(seq=4, hash=records[3].hash, coming=records[4].hash))
    with Journal.open(path, heads=heads) as journal:
        assert len(journal.records) == 5
    assert msgspec.json.decode((heads / "run.json").read_bytes())["seq"] == 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=3), min_size=1, max_size=5),
    at=st.data(),
)
def test_any_data_comes_back_and_any_changed_byte_is_found(
    data: list[dict[str, Any]], at: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    path, heads = folder / "run" / "journal.jsonl", folder / "heads"
    path.parent.mkdir()
    with Journal.create(path, run="run", heads=heads) as journal:
        for each in data:
            journal.append("p", data=each)
    assert [record.data for record in read(path, heads=heads)] == data

    whole = bytearray(path.read_bytes())
    place = at.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= at.draw(st.integers(1, 255))
    path.write_bytes(bytes(whole))
    with pytest.raises(JournalDamaged):
        read(path, heads=heads)


@settings(max_examples=50, deadline=None)
@given(garbage=st.binary(max_size=300))
def test_garbage_is_damage_and_nothing_else(garbage: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("journal")
    path, heads = folder / "run" / "journal.jsonl", folder / "heads"
    path.parent.mkdir()
    Journal.create(path, run="run", heads=heads).append("p")
    path.write_bytes(garbage)
    with pytest.raises(JournalDamaged):
        read(path, heads=heads)


def test_secrets_are_scrubbed(tmp_path: Path) -> None:
    Secret("hunter2-canary", origin="env:X")
    path = tmp_path / "journal.jsonl"
    with Journal.create(path, run="run", heads=tmp_path / "heads") as journal:
        journal.append("failed", data={"text": "wrong: hunter2-canary", "deep": [{"hunter2-canary": 1}]})
    assert b"hunter2-canary" not in path.read_bytes()
    assert read(path, heads=tmp_path / "heads")


def test_two_processes_do_not_write_one_journal(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    with Journal.open(path, heads=heads), pytest.raises(LockHeld, match="Another process"):
        Journal.open(path, heads=heads)


def test_creating_one_that_exists_says_resume(tmp_path: Path) -> None:
    path, heads = written(tmp_path)
    with pytest.raises(UsageError, match="opskit resume run"):
        Journal.create(path, run="run", heads=heads)


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_what_is_not_durable_is_not_recorded(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, heads = written(tmp_path)

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal.open(path, heads=heads) as journal:
        before = path.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", full) if failing == "replace" else patched.setattr(
                os, failing, full
            )
            with pytest.raises(JournalUnwritable, match="No space left on device"):
                journal.append("intent", step="s")
        assert path.read_bytes() == before
        if failing == "fsync":
            # Nobody knows what a failed fsync left on the disk: this handle is not trusted any more.
            with pytest.raises(JournalUnwritable, match="closed after a write that failed"):
                journal.append("intent", step="s")
    with Journal.open(path, heads=heads) as journal:
        assert journal.append("intent", step="s").seq == 6
    assert len(read(path, heads=heads)) == 6


def test_wall_time_going_back_does_not_reorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from opskit.core import journal as module

    class Back(datetime):
        hour_of = iter([12, 11, 3])

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2026, 1, 1, next(cls.hour_of), tzinfo=UTC)

    monkeypatch.setattr(module, "datetime", Back)
    path = tmp_path / "journal.jsonl"
    with Journal.create(path, run="run", heads=tmp_path / "heads") as journal:
        for phase in ("a", "b", "c"):
            journal.append(phase)
    records = read(path, heads=tmp_path / "heads")
    assert [record.phase for record in records] == ["a", "b", "c"]
    assert [record.at[11:13] for record in records] == ["12", "11", "03"]
