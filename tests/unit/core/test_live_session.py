"""Many commands through one program: each answer finds its command, or the command is asked alone."""

import json

from hypothesis import given
from hypothesis import strategies as st

from opskit.core.live_session import answers, batched, lines
from opskit.core.reads import Session

MARK = {"fsid": "x"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: value != MARK)


def printed(*values: object) -> bytes:
    return "\n\n".join(json.dumps(value) for value in values).encode()


def bodies(stdout: bytes, count: int) -> list[object]:
    return [answer and json.loads(answer.body) for answer in answers(stdout, count=count)]


def test_each_group_of_commands_ends_with_the_mark_and_the_program_is_told_to_end() -> None:
    session = Session(argv=("ceph",), lines=tuple("abcdefgh"), mark="fsid", end="quit")
    assert lines(session) == ["fsid", *"abcdef", "fsid", *"gh", "fsid", "quit"]


def test_a_group_in_which_one_printed_nothing_is_asked_alone_and_the_others_keep_their_answers() -> None:
    stdout = printed(MARK, 1, 2, 3, 4, 5, MARK, {"g": 7}, [8], MARK)
    assert bodies(stdout, 8) == [None] * 6 + [{"g": 7}, [8]]


def test_one_document_too_many_is_no_answer() -> None:
    assert bodies(printed(MARK, 1, 2, MARK), 1) == [None]


def test_an_answer_that_is_cut_off_leaves_everything_to_be_asked_alone() -> None:
    whole = printed(MARK, {"a": 1}, {"b": 2}, MARK)
    for end in range(len(whole) - 1):
        assert bodies(whole[:end], 2) == [None, None]


def test_nothing_and_noise_are_no_answers() -> None:
    assert bodies(b"", 2) == [None, None]
    assert bodies(b"Error EINVAL", 1) == [None]


@given(st.lists(JSON, max_size=20))
def test_any_answers_are_told_apart(values: list[object]) -> None:
    said: list[object] = [MARK]
    for group in batched(values):
        said += [*group, MARK]
    found = answers(printed(*said), count=len(values))
    assert [json.loads(answer.body) for answer in found if answer] == values


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=4))
def test_any_bytes_give_as_many_answers_as_commands(stdout: bytes, count: int) -> None:
    assert len(answers(stdout, count=count)) == count
