"""Operators, OpenShift and a real etcd behind a real API server, shared and healed after each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from platform_lab import Lab

from opskit.sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One that is up: OPSKIT_TEST_PLATFORM names one to be used and left as it is, else one is made."""
    named = os.environ.get("OPSKIT_TEST_PLATFORM")
    if named:
        yield Sandbox.attach(named)
        return
    with Sandbox.up(profile="platform", name=f"platform-{os.getpid()}") as made:
        yield made


@pytest.fixture
def lab(sandbox: Sandbox, tmp_path: Path) -> Iterator[Lab]:
    """`opskit` against the sandbox, whose faults are mended afterwards."""
    try:
        yield Lab(sandbox, tmp_path)
    finally:
        sandbox.heal()
