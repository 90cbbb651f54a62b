"""Parts of facts: read at the same time, failing alone; and a budget of time for all of them."""

import threading
import time

import pytest

from opskit.core.budget import Budget
from opskit.core.cluster import Cluster
from opskit.core.errors import DeadlineExceeded, Forbidden, NotInSnapshot, NotInstalled
from opskit.core.findings import Data
from opskit.core.kinds_core import POD
from opskit.core.parts import Unread, absence, known, listed, settle, unread

from .conftest import Reply


def failing(error: Exception):
    def job():
        raise error

    return job


def test_a_part_that_fails_leaves_the_others() -> None:
    parts = settle({"a": lambda: 1, "b": failing(Forbidden("No.", where="pods")), "c": lambda: 3})
    assert list(parts) == ["a", "b", "c"]
    assert (parts["a"], parts["c"]) == (1, 3)
    assert parts["b"] == Unread(part="b", error="Forbidden", reason="No. [pods]")
    assert known(parts["b"], 7) == 7


def test_parts_are_read_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)
    settle(dict.fromkeys("abc", meeting.wait))


def test_a_defect_is_no_unread_part() -> None:
    with pytest.raises(ZeroDivisionError):
        settle({"a": lambda: 1 / 0, "b": lambda: 2})


def test_nothing_to_read() -> None:
    assert settle({}) == {}


NOT_INSTALLED = Unread(part="x", error=NotInstalled.__name__, reason="")
NOT_RECORDED = Unread(part="x", error=NotInSnapshot.__name__, reason="")
FORBIDDEN = Unread(part="x", error=Forbidden.__name__, reason="")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([NOT_INSTALLED], "not installed"),
        ([NOT_INSTALLED, NOT_INSTALLED], "not installed"),
        ([NOT_RECORDED], "not in this snapshot"),
        ([NOT_INSTALLED, []], ""),
        ([NOT_INSTALLED, FORBIDDEN], ""),
        ([FORBIDDEN], ""),
        ([None], ""),
    ],
)
def test_absence(parts: list[object], why: str) -> None:
    assert absence(*parts) == why


class Facts(Data, frozen=True):
    whole: int
    lost: int | Unread
    many: list[object]
    by_name: dict[str, object]


def test_unread_parts_are_found_where_rooms_hold_them() -> None:
    facts = Facts(whole=1, lost=FORBIDDEN, many=[1, NOT_INSTALLED], by_name={"a": NOT_RECORDED, "b": 2})
    assert list(unread(facts)) == [
        ("lost", FORBIDDEN),
        ("many", NOT_INSTALLED),
        ("by_name", NOT_RECORDED),
    ]


def test_a_missing_crd_has_no_objects(cluster: Cluster, api) -> None:
    api.reply = lambda _: Reply(b"404 page not found\n", status=404)
    assert listed(cluster, POD) == []


class Slow:
    """A reader that says how long it was allowed to take."""

    def __init__(self) -> None:
        self.allowed: list[float] = []

    def answer(self, read, *, deadline: float):
        self.allowed.append(deadline)


def test_a_budget_bounds_every_read() -> None:
    now, slow = [100.0], Slow()
    within = Budget(slow, 10, what="rook", clock=lambda: now[0])  # type: ignore[arg-type]
    within.answer(None, deadline=3)  # type: ignore[arg-type]
    now[0] = 108
    within.answer(None, deadline=3)  # type: ignore[arg-type]
    assert slow.allowed == [3, 2]
    now[0] = 110
    with pytest.raises(DeadlineExceeded, match="The 10 s for reading rook are over"):
        within.answer(None, deadline=3)  # type: ignore[arg-type]
    assert len(slow.allowed) == 2


def test_reads_that_never_end_do_not_keep_the_process(tmp_path) -> None:
    import subprocess
    import sys

    code = (
        "import threading, sys\n"
        "from opskit.core.parts import settle\n"
        "t = threading.Thread(target=settle, args=({'a': threading.Event().wait},), daemon=True)\n"
        "t.start()\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert time.monotonic() - began < 50
