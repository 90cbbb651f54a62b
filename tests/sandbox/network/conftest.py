"""A real API server with five real BIRDs, shared by the tests and healed after each; needs root."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def network_session() -> Iterator[Sandbox]:
    """Shared by all tests of the room."""
    with sandbox_of("network", "network") as made:
        yield made


@pytest.fixture
def network(network_session: Sandbox) -> Iterator[Sandbox]:
    """The shared sandbox, healthy at the start and mended at the end."""
    network_session.wait_healthy()
    yield network_session
    network_session.heal()


class Opskit:
    """The command line against a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.cluster, self.folder = sandbox.context, folder
        self._env = {
            **os.environ,
            "KUBECONFIG": str(sandbox.kubeconfig),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def __call__(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Its standard output; any other exit code fails the test."""
        done = subprocess.run(
            [sys.executable, "-m", "opskit", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env=self._env,
        )
        assert done.returncode in codes, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def opskit(network: Sandbox, tmp_path: Path) -> Opskit:
    """`opskit` as a person runs it."""
    return Opskit(network, tmp_path)
