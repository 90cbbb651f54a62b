"""Every type of parameter, from raw text and from Python, and what is said of a wrong one."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import BadValue, UnknownName
from opskit.runner import parameters
from opskit.runner.parameters import Parameter
from opskit.runner.values import show_duration, show_percentage, show_quantity


def of(type_name: str, **fields: Any) -> Parameter:
    return Parameter(name="x", type=type_name, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameter", "raw", "value"),
    [
        (of("text"), "1.30", "1.30"),
        (of("text"), "12345e7", "12345e7"),
        (of("text"), "", ""),
        (of("text"), " kept ", " kept "),
        (of("integer"), "007", 7),
        (of("integer"), "-3", -3),
        (of("integer"), 3, 3),
        (of("number"), "2.5e-1", 0.25),
        (of("number"), 2, 2.0),
        (of("boolean"), "false", False),
        (of("boolean"), "Yes", True),
        (of("boolean"), False, False),
        (of("choice", choices=("hdd", "ssd")), "ssd", "ssd"),
        (of("duration"), "90s", 90),
        (of("duration"), "2h30m", 9000),
        (of("duration"), "1d", 86400),
        (of("duration"), timedelta(minutes=2), 120),
        (of("quantity"), "10Gi", 10 * 1024**3),
        (of("quantity"), "1.5Ki", 1536),
        (of("quantity"), "500M", 500_000_000),
        (of("quantity"), 1024, 1024),
        (of("percentage"), "85%", 0.85),
        (of("percentage"), "99.5%", 0.995),
        (of("list", of="integer"), "1, 2,3", [1, 2, 3]),
        (of("list"), '["1.30", 1.30, "a,b"]', ["1.30", "1.30", "a,b"]),
        (of("list"), "", []),
        (of("list", of="duration"), ["90s", "1m"], [90, 60]),
        (of("secret"), "env:TOKEN", "env:TOKEN"),
        (of("secret"), "vault:kv/ceph#key", "vault:kv/ceph#key"),
        (of("integer", default=None), None, None),
    ],
)
def test_reads(parameter: Parameter, raw: Any, value: Any) -> None:
    found = parameter.parse(raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("parameter", "raw", "expected"),
    [
        (of("text"), 1.3, "in quotes"),
        (of("text", pattern="[a-z]+"), "UP", "matching [a-z]+"),
        (of("integer"), "abc", "a whole number"),
        (of("integer"), "3.0", "a whole number"),
        (of("integer"), True, "a whole number"),
        (of("integer"), "9" * 5000, "a whole number"),
        (of("integer", minimum=0), "-1", "at least 0"),
        (of("integer", maximum=5, unit="minutes"), "6", "in minutes, at most 5"),
        (of("number"), "nan", "a number"),
        (of("number"), "1e999", "a number"),
        (of("boolean"), "maybe", "true or false"),
        (of("boolean"), "", "true or false"),
        (of("boolean"), 1, "true or false"),
        (of("choice", choices=("hdd", "ssd")), "sdd", "hdd | ssd"),
        (of("duration"), "90", "90s or 2h30m"),
        (of("duration"), 90, "90s or 2h30m"),
        (of("duration"), "", "90s or 2h30m"),
        (of("duration", minimum="1m", maximum="2h"), "3h", "at least 1m, at most 2h"),
        (of("quantity"), "10GB", "10Gi"),
        (of("quantity"), "0.5", "10Gi"),
        (of("quantity", maximum="1Ti"), "2Ti", "at most 1Ti"),
        (of("percentage"), "0.85", "85%"),
        (of("percentage"), 85, "85%"),
        (of("list", of="integer"), "1,x", "'x' is not a comma-separated list, each a whole number"),
        (of("list", of="integer", min_items=1), "", "0 items"),
        (of("list"), "[1", "comma-separated"),
        (of("list"), {"a": 1}, "comma-separated"),
    ],
)
def test_says_what_is_expected(parameter: Parameter, raw: Any, expected: str) -> None:
    with pytest.raises(BadValue) as caught:
        parameter.parse(raw)
    assert expected in str(caught.value)
    assert "'x'" in str(caught.value)


def test_a_secret_that_was_given_itself_is_not_repeated() -> None:
    with pytest.raises(BadValue) as caught:
        of("secret").parse("hunter2-canary")
    assert "hunter2" not in str(caught.value)


DECLARED = (Parameter(name="osd", type="integer"), Parameter(name="wait", type="duration", default="10m"))


def test_defaults_fill_in() -> None:
    assert parameters.read(DECLARED, {"osd": "3"}) == {"osd": 3, "wait": 600}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"'osdd'.*did you mean osd"):
        parameters.read(DECLARED, {"osd": 1, "osdd": 2})


@pytest.mark.parametrize("given_values", [{}, {"osd": None}])
def test_a_required_parameter_that_is_missing(given_values: dict[str, Any]) -> None:
    with pytest.raises(BadValue, match="'osd' is required"):
        parameters.read(DECLARED, given_values)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(BadValue) as caught:
        parameters.read(DECLARED, {"osd": "x", "wait": "soon", "cluser": "demo"})
    assert all(word in str(caught.value) for word in ("3 parameters", "'x'", "'soon'", "'cluser'"))


def test_what_is_shown_reads_back() -> None:
    declared = (*DECLARED, Parameter(name="full", type="percentage"), Parameter(name="size", type="quantity"))
    given_values = {"osd": "3", "wait": "2h30m", "full": "85%", "size": "10Gi"}
    values = parameters.read(declared, given_values)
    assert parameters.show(declared, values) == {"osd": 3, "wait": "2h30m", "full": "85%", "size": "10Gi"}


@given(st.integers(0, 10**9))
def test_durations_round_trip(seconds: int) -> None:
    assert of("duration").parse(show_duration(seconds)) == seconds


@given(st.integers(0, 2**60))
def test_quantities_round_trip(units: int) -> None:
    assert of("quantity").parse(show_quantity(units)) == units


@given(st.integers(0, 100_000))
def test_percentages_round_trip(hundredths: int) -> None:
    ratio = hundredths / 10_000
    assert of("percentage").parse(show_percentage(ratio)) == ratio


@given(
    st.sampled_from(["text", "integer", "number", "boolean", "duration", "quantity", "percentage", "list"]),
    st.one_of(st.text(), st.none(), st.booleans(), st.floats(), st.lists(st.text()), st.binary()),
)
def test_any_input_is_read_or_refused(type_name: str, raw: Any) -> None:
    with suppress(BadValue):
        of(type_name).parse(raw)


def test_json_schema() -> None:
    declared = (
        Parameter(name="osd", type="integer", minimum=0),
        Parameter(name="w", default="10m", type="duration"),
    )
    schema = parameters.json_schema(declared, title="T")
    assert schema["required"] == ["osd"]
    assert schema["properties"]["osd"]["minimum"] == 0
    assert schema["properties"]["w"] == {
        "type": "string",
        "description": "",
        "x-opskit-type": "duration",
        "default": "10m",
    }
