"""Waiting on predicates."""

import threading
import time

import pytest

from opskit.core.errors import DeadlineExceeded, Forbidden, StepFailed, Stopped, Unreachable
from opskit.core.wait import interruptibly, until


def counting(*states: object):
    left = list(states)

    def read() -> object:
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, Exception):
            raise state
        return state

    return read


def test_the_first_ready_state_is_returned() -> None:
    assert until(counting(1, 2, 3), lambda n: n == 3, deadline=10) == 3


def test_a_read_that_fails_is_waited_out() -> None:
    assert until(counting(Unreachable("gone"), 3), lambda n: n == 3, deadline=10) == 3


def test_who_waits_is_told_that_nothing_answers() -> None:
    told: list[str] = []
    until(
        counting(Unreachable("gone"), 3),
        lambda n: n == 3,
        deadline=10,
        unread=lambda error, waited: told.append(f"{error.what}, {waited:.0f} s"),
    )
    assert told == ["gone, 0 s"]


def test_the_last_state_is_shown_when_time_is_up() -> None:
    with pytest.raises(
        DeadlineExceeded, match=r"The OSD did not come within 0\.1 s\. Last seen: osd\.3 is down"
    ):
        until(lambda: "osd.3 is down", lambda _: False, deadline=0.1, what="the OSD")


def test_the_last_error_is_shown_when_time_is_up() -> None:
    with pytest.raises(DeadlineExceeded, match="Last seen: the server is gone"):
        until(counting(Unreachable("the server is gone")), lambda _: True, deadline=0.1)


def test_waiting_in_vain_ends_at_once() -> None:
    with pytest.raises(StepFailed, match="in vain: it is lost"):
        until(lambda: 1, lambda _: False, deadline=60, failed=lambda _: "it is lost")


def test_a_missing_right_is_not_waited_for() -> None:
    with pytest.raises(Forbidden):
        until(counting(Forbidden("no")), lambda _: True, deadline=60)


def test_a_stop_request_ends_the_wait() -> None:
    asked = threading.Event()
    began = time.monotonic()
    with pytest.raises(Stopped, match="Stopped by button") as caught:
        until(
            lambda: 1,
            lambda _: False,
            deadline=60,
            watch=lambda *_: asked.set(),
            stop=lambda: "button" if asked.is_set() else None,
        )
    assert caught.value.by == "button"
    assert time.monotonic() - began < 5


def test_a_call_that_blocks_is_left_behind_after_its_grace() -> None:
    go_on = threading.Event()
    began = time.monotonic()
    with pytest.raises(Stopped):
        interruptibly(lambda: go_on.wait(60), stop=lambda: "SIGTERM", grace=0.2, doing="asking a server")
    assert time.monotonic() - began < 5
    go_on.set()


def test_a_call_that_ends_within_its_grace_counts() -> None:
    assert interruptibly(lambda: 7, stop=lambda: "SIGTERM", grace=5, doing="asking a server") == 7


def test_a_calls_error_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise Unreachable("gone")

    with pytest.raises(Unreachable, match="gone"):
        interruptibly(fail, stop=lambda: None, grace=1, doing="asking a server")
