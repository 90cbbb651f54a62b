"""Real cert-manager, OpenBao and ACME behind a real API server, healed after each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from trust_lab import Lab

from opskit.sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One that is up: OPSKIT_TEST_SANDBOX names one to be used and left as it is, else one is made."""
    named = os.environ.get("OPSKIT_TEST_SANDBOX")
    if named:
        yield Sandbox.attach(named)
        return
    with Sandbox.up(profile="trust", name=f"trust-rooms-{os.getpid()}") as made:
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
