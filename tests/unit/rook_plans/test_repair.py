"""A PG is repaired only where Ceph's own record tells the sound copy."""

import pytest
from msgspec.structs import replace

from opskit.core.errors import Refused
from opskit.systems.rook import looks
from opskit.systems.rook.answers_asked import InconsistentList, PgQuery
from opskit.systems.rook.plans import repair_pg

from . import scenes

PG = "1.1f"
FACTS = scenes.facts("damaged-pg")
FOUND = looks.pg(scenes.cluster("damaged-pg"), pg=PG)
ASKED: PgQuery = FOUND["asked"]
RECORD: InconsistentList = FOUND["record"]


def _shards(
    *errors: list[str], size: int = 4, digests: tuple[str, ...] = ("0xa", "0xa", "0xa")
) -> InconsistentList:
    """The record, had its three copies had these errors and contents."""
    (found,) = RECORD.inconsistents
    shards = [
        replace(shard, errors=wrong, size=size, data_digest=digest)
        for shard, wrong, digest in zip(found.shards, errors, digests, strict=True)
    ]
    return replace(RECORD, inconsistents=[replace(found, shards=shards)])


def test_the_bad_copy_is_named_before_it_is_overwritten() -> None:
    draft = repair_pg(FACTS, pg=PG, asked=ASKED, record=RECORD)
    repair = scenes.step(draft, f"repair-pg-{PG}")
    (change,) = repair.expected
    assert change.path == "obj1 on osd.3"
    assert "size_mismatch_info" in change.before
    assert change.after == "as on osd.0, osd.5"
    assert repair.precondition[0].arguments == {"pg": PG, "bad": {"obj1": [3]}}
    assert repair.confirm == PG


def test_a_new_deep_scrub_proves_it() -> None:
    draft = repair_pg(FACTS, pg=PG, asked=ASKED, record=RECORD)
    assert scenes.ids(draft.steps) == [f"repair-pg-{PG}", f"note-repair-{PG}", f"deep-scrub-pg-{PG}"]
    assert draft.goal[-1].name == "rook/pg-deep-scrubbed"
    assert ASKED.info.stats.last_deep_scrub_stamp in draft.goal[-1].arguments["note"]


def test_without_a_record_it_only_scrubs() -> None:
    draft = repair_pg(FACTS, pg=PG, asked=ASKED, record=None)
    assert scenes.ids(draft.steps) == [f"deep-scrub-pg-{PG}"]
    assert [each.name for each in draft.goal] == ["rook/pg-damage-known"]


def test_nothing_to_do() -> None:
    clean = replace(ASKED, state="active+clean")
    assert repair_pg(FACTS, pg=PG, asked=clean, record=InconsistentList()).nothing_to_do


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (_shards(["read_error"], ["read_error"], ["missing"]), "every copy is marked bad"),
        (_shards([], [], [], digests=("0xa", "0xb", "0xa")), "copies differ and none is marked bad"),
        (
            _shards([], ["read_error"], [], digests=("0xa", "0xa", "0xc")),
            "copies differ and none is marked bad",
        ),
        (InconsistentList(), "the record names no object"),
    ],
)
def test_refused_where_no_sound_copy_can_be_told(record: InconsistentList, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        repair_pg(FACTS, pg=PG, asked=ASKED, record=record)


def test_two_sound_copies_that_agree_are_enough() -> None:
    assert repair_pg(FACTS, pg=PG, asked=ASKED, record=_shards([], ["read_error"], [])).steps


def test_chunks_of_an_erasure_code_are_counted() -> None:
    coded = scenes.pools(FACTS, type=3, min_size=3)
    with pytest.raises(Refused, match="only 2 chunks are sound, and 3 are needed"):
        repair_pg(
            coded, pg=PG, asked=ASKED, record=_shards([], ["read_error"], [], digests=("0xa", "0xb", "0xc"))
        )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("active+undersized+degraded+inconsistent", "let it recover first"),
        ("active+clean+scrubbing+deep+inconsistent+repair", "is being repaired already"),
    ],
)
def test_refused_in_another_state(state: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        repair_pg(FACTS, pg=PG, asked=replace(ASKED, state=state), record=RECORD)


def test_no_such_pool() -> None:
    with pytest.raises(Refused, match=r"there is no pool of PG 99\.1"):
        repair_pg(FACTS, pg="99.1", asked=ASKED, record=RECORD)
