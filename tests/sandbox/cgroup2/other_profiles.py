"""The other profiles, seen inside of the machine with cgroup v2: its one unit runs this page."""

from collections.abc import Generator

import pytest

from tests.sandbox.cgroup2.inside import of_machine, opskit, timed
from tests.sandbox.killing.machine import difference


@pytest.fixture(scope="module", autouse=True)
def figures() -> Generator[None]:
    with timed():
        yield


@pytest.mark.parametrize("profile", ["light", "network", "mesh"])
def test_it_comes_up_and_goes(profile: str) -> None:
    before = of_machine(profile)
    opskit("up", "--profile", profile)
    opskit("down", "--name", profile)
    assert difference(before, of_machine(profile)) == []
