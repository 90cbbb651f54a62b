"""A real kubeadm cluster of one control plane and one worker, and the command line against it; needs root."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opskit.core.cluster import Cluster
from opskit.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="session")
def kubeadm() -> Iterator[Sandbox]:
    """One control plane and one worker, shared by all tests of the room."""
    with sandbox_of("kubeadm", "kubeadm", workers=1) as made:
        yield made


class Opskit:
    """The command line against a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.cluster, self.folder = sandbox.context, folder
        self._env = {
            **os.environ,
            "KUBECONFIG": str(sandbox.kubeconfig),
            "OPSKIT_CONFIG": str(sandbox.site.state / "opskit.toml"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONFAULTHANDLER": "1",
        }

    def __call__(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Its standard output; any other exit code fails the test."""
        argv = [sys.executable, "-m", "opskit", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240, env=self._env)
        assert done.returncode in codes, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def findings(self, *, whole: bool = True) -> list[dict[str, Any]]:
        """Those of kubeadm at warning or above; `whole`: every part must have been read."""
        return [each for each in self._findings(whole=whole) if each["severity"] != "info"]

    def infos(self) -> list[str]:
        """The codes of what is only good to know."""
        return [each["code"] for each in self._findings(whole=True) if each["severity"] == "info"]

    def _findings(self, *, whole: bool) -> list[dict[str, Any]]:
        argv = [sys.executable, "-m", "opskit", "findings", "--cluster", self.cluster]
        argv += ["--system", "kubeadm", "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=180, env=self._env)
        assert done.returncode == 0, f"{done.returncode}\n{done.stderr}"
        seen = json.loads(done.stdout)
        assert not (whole and seen["unread"])
        return seen["findings"]

    @contextmanager
    def open(self) -> Generator[Cluster]:
        """The cluster, as opskit reads it."""
        with pytest.MonkeyPatch.context() as patched:
            for name in ("KUBECONFIG", "OPSKIT_CONFIG"):
                patched.setenv(name, self._env[name])
            with Cluster.open(self.cluster) as cluster:
                yield cluster

    def change(self, runbook: str, **parameters: str) -> Path:
        """Plan, approve and run it to its verdict; the run's folder."""
        given = ["--cluster", self.cluster]
        for name, value in parameters.items():
            given += ["-p", f"{name}={value}"]
        name = "-".join((runbook.replace("/", "-"), *parameters.values()))
        planned, done = self.folder / f"{name}-planned", self.folder / f"{name}-done"
        self("run", runbook, *given, "--out", str(planned), codes=(4,))
        approval = self.folder / f"{name}.json"
        self("approve", str(planned / "plan.json"), "-o", str(approval))
        self("run", runbook, *given, "--out", str(done), "--approval", str(approval))
        return done


@pytest.fixture
def opskit(kubeadm: Sandbox, tmp_path: Path) -> Opskit:
    return Opskit(kubeadm, tmp_path)
