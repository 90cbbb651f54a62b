"""Real sandboxes for all tests: one that is shared and mended in between, and ones of a test's own.

Every process has its own session-wide sandbox, so that `pytest -n 2` works; OPSKIT_TEST_SANDBOX names
one that is already up, to be used and left up.
"""

import os
from collections.abc import Callable, Generator
from typing import Any

import pytest

from opskit.sandbox import Sandbox
from tests.lent import sandbox_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs real servers."""
    for item in items:
        if "tests/sandbox" in item.path.as_posix():
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(scope="session")
def light_session() -> Generator[Sandbox]:
    """One `light` sandbox with three monitors for the whole session, whatever state it is in."""
    with sandbox_of("light", "test", mons=3, osd_size=256) as sandbox:
        yield sandbox


@pytest.fixture
def light(light_session: Sandbox) -> Generator[Sandbox]:
    """The shared `light` sandbox, healthy at the start; what the test breaks by `inject` is mended."""
    light_session.wait_healthy()
    yield light_session
    light_session.heal()


@pytest.fixture
def fresh_light() -> Generator[Callable[..., Sandbox]]:
    """Makes sandboxes of the test's own: `fresh_light(mons=3)`; all are taken down at the end."""
    made: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        name = f"fresh-{os.getpid()}-{len(made)}"
        made.append(Sandbox(name))
        return Sandbox.up(name=name, **{"osds": 3, "osd_size": 256, "prometheus": False, **options})

    yield make
    for sandbox in made:
        sandbox.down()
