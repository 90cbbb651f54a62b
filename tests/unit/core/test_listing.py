"""Frames that are filled page by page: the same as those of the whole list."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.core.cluster import Cluster
from opskit.core.errors import BadValue
from opskit.core.kinds_core import NODE, POD, Pod
from opskit.core.projecting import narrowed
from opskit.core.tables import TIME, frame

from .conftest import Reply

COLUMNS = {
    "pod": ("metadata.name", "str"),
    "team": ("metadata.namespace", "str"),
    "made": ("metadata.creation_timestamp", TIME),
    "phase": ("status.phase", "str"),
    "node": ("spec.node_name", "str"),
}


def pod(number: int) -> dict:
    whole = {
        "metadata": {
            "name": f"p{number}",
            "namespace": f"n{number % 2}",
            "labels": {"app": f"a{number % 3}"},
            "creationTimestamp": "2026-01-02T03:04:05Z",
        },
        "spec": {"nodeName": f"node-{number}", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    return whole if number % 4 else {"metadata": whole["metadata"]}


def paged(request) -> Reply:
    begin = int(request.query.get("continue", 0))
    more = {"continue": str(begin + 5)} if begin < 15 else {}
    return Reply({"metadata": more, "items": [pod(each) for each in range(begin, begin + 5)]})


@pytest.mark.parametrize("asked", [{}, {"namespace": "n1"}, {"selector": "app=a2"}])
def test_a_table_is_the_frame_of_the_list(cluster: Cluster, api, asked) -> None:
    api.reply = paged
    table = cluster.table(POD, COLUMNS, **asked)
    assert table.equals(frame(cluster.list(POD, **asked), COLUMNS))
    assert len(table) == {"{}": 20, "{'namespace': 'n1'}": 10, "{'selector': 'app=a2'}": 6}[str(asked)]
    assert [str(each) for each in table.dtypes] == ["str", "str", TIME, "str", "str"]


def test_a_computed_column_has_the_whole_object(cluster: Cluster, api) -> None:
    api.reply = paged
    columns = {**COLUMNS, "app": (lambda pod: pod.labels["app"], "str"), "same": ("name", "str")}
    table = cluster.table(POD, columns)
    assert table.equals(frame(cluster.list(POD), columns))


def test_no_objects_are_a_typed_frame(cluster: Cluster, api) -> None:
    api.reply = lambda _: Reply(b'{"items":null}')
    assert list(cluster.table(NODE, {"node": ("metadata.name", "str")}).dtypes.astype(str)) == ["str"]


def test_a_wrong_dtype_is_wrong_before_anything_is_asked(cluster: Cluster, api) -> None:
    with pytest.raises(BadValue, match="has the dtype 'text'"):
        cluster.table(POD, {"pod": ("metadata.name", "text")})


def test_only_what_is_asked_for_is_decoded() -> None:
    model = narrowed(Pod, frozenset({"metadata.name", "status.phase"}))
    assert model is not None
    assert model.__struct_fields__ in (("metadata", "status"), ("status", "metadata"))
    wrong_elsewhere = b'{"metadata":{"name":"p","labels":7},"spec":{"containers":"none"}}'
    decoded = msgspec.json.decode(wrong_elsewhere, type=model)
    assert (decoded.metadata.name, decoded.status.phase) == ("p", "")


@given(st.sets(st.sampled_from([path for path, _ in COLUMNS.values()]), min_size=1))
@settings(max_examples=40)
def test_a_narrowed_model_decodes_as_the_whole_one_does(paths) -> None:
    model = narrowed(Pod, frozenset(paths))
    for number in range(5):
        body = json.dumps(pod(number)).encode()
        whole, part = msgspec.json.decode(body, type=Pod), msgspec.json.decode(body, type=model)
        for path in paths:
            head, _, rest = path.partition(".")
            assert getattr(getattr(part, head), rest) == getattr(getattr(whole, head), rest)
