"""Operators, OpenShift and a real etcd behind a real API server, shared and healed after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from platform_lab import Lab

from opskit.sandbox.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Shared by all tests of the room."""
    with sandbox_of("platform", "platform") as made:
        yield made


@pytest.fixture
def lab(sandbox: Sandbox, tmp_path: Path) -> Iterator[Lab]:
    """`opskit` against the sandbox, whose faults are mended afterwards."""
    try:
        yield Lab(sandbox, tmp_path)
    finally:
        sandbox.heal()
