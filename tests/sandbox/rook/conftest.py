"""A real Ceph cluster behind a real API server, shared by the tests and healed after each."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rook_lab import Headless

from opskit.sandbox.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Shared by all tests of the room."""
    with sandbox_of("light", "rook", prometheus=False) as made:
        made.kubectl("-n", "rook-ceph", "patch", "cephcluster", "rook-ceph", "--type=merge", "-p", _PATIENT)
        yield made


_PATIENT = '{"spec":{"disruptionManagement":{"managePodBudgets":true,"osdMaintenanceTimeout":1440}}}'
"""Rook keeps noout on a drained host for a day."""


@pytest.fixture
def lab(sandbox: Sandbox, tmp_path: Path) -> Iterator[Headless]:
    """`opskit` against the sandbox, whose faults are mended afterwards."""
    try:
        yield Headless(sandbox, tmp_path)
    finally:
        start_what_was_stopped(sandbox)
        sandbox.heal()


def start_what_was_stopped(sandbox: Sandbox) -> None:
    """A test that ended half-way leaves a daemon scaled to 0, which is no fault to heal."""
    listed = json.loads(sandbox.kubectl("-n", "rook-ceph", "get", "deployments", "-o", "json"))["items"]
    for each in [each["metadata"]["name"] for each in listed if each["spec"]["replicas"] == 0]:
        sandbox.kubectl("-n", "rook-ceph", "scale", "deployment", each, "--replicas=1")
