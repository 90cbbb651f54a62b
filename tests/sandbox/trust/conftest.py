from collections.abc import Generator

import pytest

from opskit.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def trust_session() -> Generator[Sandbox]:
    """One `trust` sandbox for the whole session."""
    with sandbox_of("trust", "trust", prometheus=False) as sandbox:
        yield sandbox


@pytest.fixture
def trust(trust_session: Sandbox) -> Generator[Sandbox]:
    """The shared sandbox; what the test breaks is mended."""
    yield trust_session
    trust_session.heal()
