from datetime import timedelta

import pytest

from opskit.core.wording import count, some, spoken


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "OSD", "1 OSD"),
        (0, "pod", "0 pods"),
        (2, "policy", "2 policies"),
        (1200, "class", "1,200 classes"),
    ],
)
def test_numbers_have_their_plural(number: int, noun: str, text: str) -> None:
    assert count(number, noun) == text


@pytest.mark.parametrize(
    ("number", "verb", "text"),
    [(1, "is", "1 pod is"), (0, "is", "0 pods are"), (2, "has", "2 pods have"), (3, "needs", "3 pods need")],
)
def test_a_verb_goes_with_its_number(number: int, verb: str, text: str) -> None:
    assert count(number, "pod", verb) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_spans_are_told_in_the_unit_that_fits(span: timedelta, text: str) -> None:
    assert spoken(span) == text


def test_a_long_list_is_cut_with_how_many_more() -> None:
    assert some("abc", at_most=3) == "a, b, c"
    assert some("abcde", at_most=3) == "a, b, c and 2 more"
