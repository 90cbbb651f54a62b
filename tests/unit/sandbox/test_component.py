import threading
import time

import pytest

from opskit.core.errors import OpsError, StepFailed, ToolFailed
from opskit.sandbox.component import Component, GivenUp, bring_up, programs_of
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site


@pytest.fixture
def site():
    made = Site("test")
    made.make()
    yield made
    made.processes.stop_all()


def test_each_starts_after_those_that_it_needs(site: Site) -> None:
    order: list[str] = []
    names = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}
    parts = [
        Component(name=n, needs=needs, settle=lambda _, n=n: order.append(n)) for n, needs in names.items()
    ]
    bring_up(site, list(reversed(parts)))
    assert order[0] == "a"
    assert order[-1] == "d"


def test_independent_ones_start_side_by_side(site: Site) -> None:
    meet = threading.Barrier(3, timeout=10)
    bring_up(site, [Component(name=n, prepare=lambda _: meet.wait()) for n in "abc"])


def test_a_failure_names_the_component_and_stops_the_rest(site: Site) -> None:
    def fail(_: Site) -> None:
        raise ToolFailed("the tool broke.", exit_code_of_tool=1)

    started: list[str] = []
    after = Component(name="after", needs=("broken",), prepare=lambda _: started.append("after"))
    with pytest.raises(StepFailed, match=r"broken did not become ready\. the tool broke"):
        bring_up(site, [after, Component(name="broken", prepare=fail)])
    assert started == []


def test_a_process_that_ends_by_itself_is_told_at_once_with_its_last_words(site: Site) -> None:
    dying = Command(argv=("sh", "-c", "echo no such disk; exit 1"))
    begun = time.monotonic()
    with pytest.raises(StepFailed, match=r"ended by itself.*no such disk"):
        bring_up(site, [Component(name="a", command=lambda _: dying, ready=lambda _: False, deadline=60)])
    assert time.monotonic() - begun < 30


def test_programs_are_listed_once() -> None:
    parts = [Component(name="a", programs=("x", "y")), Component(name="b", programs=("y", "z"))]
    assert programs_of(parts) == ["x", "y", "z"]


def test_what_comes_up_side_by_side_ends_with_what_failed_first() -> None:
    def broken(_: Site) -> None:
        raise OpsError("The port is taken.")

    one, other, stop = Site("one"), Site("other"), GivenUp()
    for site in (one, other):
        site.make()
    with pytest.raises(StepFailed, match=r"etcd did not become ready\. The port is taken\.") as first:
        bring_up(one, [Component(name="etcd", prepare=broken)], stop=stop)
    never = [Component(name="never", ready=lambda _: False), Component(name="later", needs=("never",))]
    with pytest.raises(StepFailed) as second:
        bring_up(other, never, stop=stop)
    assert second.value is first.value
