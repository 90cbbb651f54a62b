"""Real cert-manager, OpenBao and ACME behind a real API server, healed after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from trust_lab import Lab

from opskit.sandbox.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Shared by all tests of the room."""
    with sandbox_of("trust", "trust-rooms") as made:
        yield made


@pytest.fixture
def lab(sandbox: Sandbox, tmp_path: Path) -> Iterator[Lab]:
    """`opskit` against the sandbox, whose faults are mended afterwards."""
    sandbox.kubectl("wait", "--for=condition=Ready", "clusterissuers", "--all", "--timeout=50s")
    sandbox.kubectl("wait", "--for=condition=Ready", "certificates", "-A", "--all", "--timeout=50s")
    try:
        yield Lab(sandbox, tmp_path)
    finally:
        sandbox.heal()
