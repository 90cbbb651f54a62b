"""What `ceph` says may be cut off, strange or of another release: it is read or refused, never a crash."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.core.errors import BadAnswer
from opskit.core.parts import Unread
from opskit.systems.rook import checks, facts, sources
from opskit.systems.rook.reading import decode_answer

from .replay import Replay, cluster

QUESTIONS = {
    " ".join(q.words): q.model
    for q in (sources.STATUS, *sources.MONITORS.values(), *sources.MANAGER.values())
}
REAL = {
    " ".join(read["argv"][2:-1]): kept["body"]
    for key, kept in Replay("healthy").reads.items()
    if (read := json.loads(key)).get("type") == "tool" and "body" in kept
}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def decoded(command: str, body: bytes) -> object:
    return decode_answer(body, msgspec.json.Decoder(QUESTIONS[command]), command=f"ceph {command}")


@pytest.mark.parametrize("command", sorted(QUESTIONS))
def test_every_recorded_answer_decodes_and_is_not_empty(command):
    assert command in REAL, f"`ceph {command}` was not recorded"
    decoded(command, REAL[command].encode())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(QUESTIONS)), st.floats(min_value=0, max_value=0.999))
def test_a_truncated_answer_is_refused_by_its_command(command, share):
    whole = REAL[command].strip().encode()
    with pytest.raises(BadAnswer, match="can't be used") as caught:
        decoded(command, whole[: int(len(whole) * share)])
    assert caught.value.where == f"`ceph {command}`"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(QUESTIONS)),
    st.binary(max_size=200) | ANYTHING.map(lambda v: json.dumps(v).encode()),
)
def test_anything_at_all_is_decoded_or_refused(command, body):
    with suppress(BadAnswer):
        decoded(command, body)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=12), ANYTHING, max_size=5))
def test_fields_of_a_newer_release_are_ignored(extra):
    before = json.loads(REAL["status"])
    body = json.dumps({f"new_{name}": value for name, value in extra.items()} | before).encode()
    assert decoded("status", body) == decoded("status", REAL["status"].encode())


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(QUESTIONS)), ANYTHING)
def test_facts_and_checks_survive_any_answer_to_any_command(command, value):
    read = facts.read(cluster("healthy", **{command.replace(" ", "_"): json.dumps(value).encode()}))
    assert isinstance(checks.check(read), list)


def test_a_part_that_cannot_be_read_names_its_command_and_the_rest_stands():
    read = facts.read(cluster("healthy", osd_tree=b'{"nodes": [{"id'))
    assert isinstance(read.tree, Unread)
    assert "`ceph osd tree`" in read.tree.reason
    assert not isinstance(read.osd_dump, Unread)


def test_one_answer_that_is_not_understood_leaves_the_rest_to_be_judged():
    read = facts.read(cluster("healthy", status=b"error connecting to the cluster"))
    assert isinstance(read.status, Unread)
    assert not isinstance(read.health, Unread)
    assert checks.check(read)[0].code == "rook/PART_UNREAD"


def test_moments_of_snapshots_are_those_of_the_recording():
    assert facts.read(cluster("healthy")).now < datetime.now(UTC)
