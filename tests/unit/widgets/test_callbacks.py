import threading

import pytest

from opskit.core.errors import OpsError, Refused
from opskit.widgets import callbacks
from opskit.widgets.callbacks import Worker, guarded


def raised(error: OpsError) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Refused("The lock is held.", hint="wait"), "The lock is held. Next: wait"),
        (ZeroDivisionError("by zero"), "A defect of opskit: ZeroDivisionError: by zero"),
    ],
)
def test_what_fails_in_a_callback_is_told(error: Exception, shown: str) -> None:
    failures: list[OpsError] = []

    def act() -> None:
        raise error

    guarded(act, failures.append)(None)
    assert len(failures) == 1
    assert shown in str(failures[0])


def test_a_defect_names_the_line_that_raised_it() -> None:
    failures: list[OpsError] = []
    callbacks.run_guarded(lambda: [][0], failures.append)
    assert __file__ in failures[0].where
    assert isinstance(failures[0].__cause__, IndexError)


def test_a_second_click_does_not_start_it_twice() -> None:
    begun: list[int] = []
    go = threading.Event()

    def act() -> None:
        begun.append(1)
        assert go.wait(10)

    worker = Worker(act, failed=raised, stop=lambda: None)
    assert worker.start()
    assert not worker.start()
    assert worker.running
    go.set()
    assert worker.join(10)
    assert not worker.start()
    assert begun == [1]


def test_what_fails_in_the_thread_is_told() -> None:
    failures: list[OpsError] = []
    worker = Worker(lambda: 1 // 0, failed=failures.append, stop=lambda: None)
    worker.start()
    assert worker.join(10)
    assert "ZeroDivisionError" in str(failures[0])


def test_a_kernel_that_shuts_down_asks_for_a_stop_and_waits() -> None:
    stop = threading.Event()

    def act() -> None:
        assert stop.wait(10)

    worker = Worker(act, failed=raised, stop=stop.set)
    worker.start()
    worker._leave()
    assert stop.is_set()
    assert not worker.running
