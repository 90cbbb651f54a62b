"""Many commands through one program: what is written to it, and how its answers are told apart."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from opskit.core.reads import Answer, Answers, Session

T = TypeVar("T")

_DECODER = json.JSONDecoder()


GROUP = 6
"""Lines between two marks: a mark costs as much as a line, and a line that fails costs its group."""


def lines(session: Session) -> list[str]:
    """The standard input: the mark, then each group of commands followed by the mark, then the end."""
    said = [session.mark]
    for group in batched(session.lines):
        said += [*group, session.mark]
    return [*said, session.end]


def batched(items: Sequence[T]) -> list[Sequence[T]]:
    """The groups, in order."""
    return [items[begin : begin + GROUP] for begin in range(0, len(items), GROUP)]


def answers(stdout: bytes, *, count: int) -> Answers:
    """Each command's JSON; None for a group in which one printed none, and for all when marks are missing.

    Args:
        stdout: what the program printed; its first document is the mark's.
        count: how many commands it was given.

    """
    groups = batched(range(count))
    documents = list(_documents(stdout.decode(errors="replace")))
    marks = [number for number, (value, _) in enumerate(documents) if value == documents[0][0]]
    if len(marks) != len(groups) + 1:
        return [None] * count
    found: Answers = []
    for group, (begin, end) in zip(groups, pairwise(marks), strict=True):
        said = [Answer(body=text.encode()) for _, text in documents[begin + 1 : end]]
        found += said if len(said) == len(group) else [None] * len(group)
    return found


def _documents(text: str) -> Iterator[tuple[Any, str]]:
    """Each JSON document and its text; ends at the first thing that is none."""
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield value, text[position:end]
        position = end
