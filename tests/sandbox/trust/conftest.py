import os
from collections.abc import Generator

import pytest

from opskit.sandbox import Sandbox


@pytest.fixture(scope="session")
def trust_session() -> Generator[Sandbox]:
    """One `trust` sandbox for the whole session; OPSKIT_TEST_SANDBOX names one that is up."""
    lent = os.environ.get("OPSKIT_TEST_SANDBOX")
    if lent:
        yield Sandbox.attach(lent)
        return
    with Sandbox.up(profile="trust", name=f"trust-{os.getpid()}", prometheus=False) as sandbox:
        yield sandbox


@pytest.fixture
def trust(trust_session: Sandbox) -> Generator[Sandbox]:
    """The shared sandbox; what the test breaks is mended."""
    yield trust_session
    trust_session.heal()
