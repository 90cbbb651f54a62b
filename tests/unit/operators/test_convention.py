"""Which conditions say trouble, as a table; and that no status of whatever shape breaks the reading."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.kinds import WireCondition
from opskit.systems.operators.convention import read_status, says_trouble, troubles

NOW = datetime(2026, 11, 25, tzinfo=UTC)

TABLE = [
    ("Ready", "False", True),
    ("Ready", "True", False),
    ("Degraded", "True", True),
    ("Degraded", "False", False),
    ("ReconcileError", "True", True),
    ("LastBackupSucceeded", "False", True),
    ("Progressing", "True", None),
    ("Upgradeable", "False", None),
    ("SomethingOfTheirOwn", "False", None),
]


@pytest.mark.parametrize(("name", "status", "says"), TABLE)
def test_polarity(name: str, status: str, *, says: bool | None) -> None:
    assert says_trouble(WireCondition(type=name, status=status)) is says


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"phase": "Running"}, []),
        ({"phase": "Failed"}, ["phase=Failed"]),
        ({"PostgresClusterStatus": "CreateFailed"}, ["PostgresClusterStatus=CreateFailed"]),
        ({"phase": "Cluster in healthy state"}, []),
        ({"phase": "Failing over"}, []),
        ({"cluster": {"status": "NO_QUORUM"}}, ["cluster.status=NO_QUORUM"]),
        ({"conditions": "none of your business"}, []),
    ],
)
def test_phases(status: object, said: list[str]) -> None:
    read = read_status(msgspec.json.encode(status))
    assert [each.text for each in troubles(read, created=NOW - timedelta(days=1), now=NOW)] == said


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
_FIELDS = st.sampled_from(["conditions", "observedGeneration", "phase", "state", "cluster"])


@given(_JSON | st.dictionaries(_FIELDS, _JSON))
def test_any_status_can_be_read(status: object) -> None:
    troubles(read_status(msgspec.json.encode(status)), created=None, now=NOW)
