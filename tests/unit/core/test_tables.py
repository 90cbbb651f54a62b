"""Frames have the dtypes that they declare, with rows and without."""

import contextlib
import json
from datetime import UTC, datetime

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import BadAnswer, BadValue
from opskit.core.kinds_core import POD
from opskit.core.tables import TIME, frame, series_frame

COLUMNS = {
    "pod": ("metadata.name", "str"),
    "namespace": ("metadata.namespace", "str"),
    "made": ("metadata.creation_timestamp", TIME),
    "deleted": ("metadata.deletion_timestamp", TIME),
    "restarts": (lambda pod: pod.restarts, "int64"),
    "generation": ("metadata.generation", "Int64"),
    "ready": (lambda pod: pod.ready, "bool"),
    "phase": ("status.phase", "category"),
}
PODS = msgspec.json.decode(
    b"""[{"metadata": {"name": "a", "namespace": "x", "creationTimestamp": "2026-01-02T03:04:05.123456Z"},
          "status": {"phase": "Running", "containerStatuses": [{"restartCount": 2}, {"restartCount": 3}]}},
         {"metadata": {"name": "b", "generation": 7}}]""",
    type=list[POD.model],
)


@pytest.mark.parametrize("pods", [PODS, PODS[:1], [], iter(PODS)])
def test_dtypes_are_as_declared(pods):
    made = frame(pods, COLUMNS)
    assert {name: str(dtype) for name, dtype in made.dtypes.items()} == {
        name: dtype for name, (_, dtype) in COLUMNS.items()
    }
    assert list(made.index) == list(range(len(made)))


def test_values_and_gaps():
    made = frame(PODS, COLUMNS)
    assert made["pod"].tolist() == ["a", "b"]
    assert made["made"][0] == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert made["restarts"].tolist() == [5, 0]
    assert pd.isna(made["namespace"][1])
    assert pd.isna(made["deleted"]).all()
    assert pd.isna(made["generation"][0])
    assert made["generation"][1] == 7


def test_a_path_may_cross_an_absent_part():
    columns = {"reason": ("status.container_statuses.x", "str")}
    assert pd.isna(frame(PODS[1:], columns)["reason"][0])


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (("metadata.name", "string"), "has the dtype 'string'"),
        (("metadata.generation", "int64"), "can't be int64"),
    ],
)
def test_a_wrong_column_is_named(column, said):
    with pytest.raises(BadValue, match=f"column 'x' {said}"):
        frame(PODS, {"x": column})


def matrix(*series):
    return json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}
    ).encode()


def test_a_range_is_one_row_for_each_sample():
    body = matrix(
        {"metric": {"osd": "0", "time": "t"}, "values": [[1700000000.25, "1.5"], [1700000060.25, "NaN"]]},
        {"metric": {"host": "a"}, "values": [[1700000000.25, "+Inf"]]},
    )
    made = series_frame(body)
    assert list(made.columns) == ["time", "host", "osd", "label_time", "value"]
    assert str(made["time"].dtype) == TIME
    assert {str(made[name].dtype) for name in ("host", "osd", "label_time")} == {"str"}
    assert made["time"][0] == pd.Timestamp("2023-11-14T22:13:20.250000Z")
    assert made["osd"].fillna("").tolist() == ["0", "0", ""]
    assert made["value"][0] == 1.5
    assert np.isnan(made["value"][1])
    assert np.isinf(made["value"][2])


def test_an_instant_and_a_scalar():
    vector = {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, "2"]}]}
    assert series_frame(json.dumps({"status": "success", "data": vector}).encode())["value"].tolist() == [2.0]
    scalar = {"resultType": "scalar", "result": [1, "2"]}
    made = series_frame(json.dumps({"status": "success", "data": scalar}).encode())
    assert made["value"].tolist() == [2.0]


def test_no_series_is_an_empty_typed_frame():
    made = series_frame(matrix())
    assert {name: str(dtype) for name, dtype in made.dtypes.items()} == {"time": TIME, "value": "float64"}
    assert len(made) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"status": "error", "errorType": "bad_data", "error": "parse error"}',
            "refused the query: parse error",
        ),
        (b"<html>", "no answer of Prometheus"),
        (
            b'{"status": "success", "data": {"resultType": "vector", "result": {"a": 1}}}',
            "no answer of Prometheus",
        ),
        (matrix({"metric": {}, "values": [[1, "two"]]}), "no answer of Prometheus"),
        (matrix({"metric": {}, "values": [[1e300, "2"]]}), "no answer of Prometheus"),
    ],
)
def test_what_is_no_answer_is_refused(body, said):
    with pytest.raises(BadAnswer, match=said):
        series_frame(body)


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_any_body_is_a_frame_or_a_bad_answer(body):
    with contextlib.suppress(BadAnswer):
        assert "value" in series_frame(body)
