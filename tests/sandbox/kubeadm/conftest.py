"""A real kubeadm cluster of one control plane and one worker, and the command line against it; needs root."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.sandbox import Sandbox


@pytest.fixture(scope="session")
def kubeadm() -> Iterator[Sandbox]:
    """One that is up: OPSKIT_TEST_KUBEADM_SANDBOX names one to be used and left as it is."""
    named = os.environ.get("OPSKIT_TEST_KUBEADM_SANDBOX")
    if named:
        yield Sandbox.attach(named)
        return
    if os.geteuid() != 0:
        pytest.skip("nodes are made of namespaces and cgroups, which need root")
    with Sandbox.up(profile="kubeadm", name=f"kubeadm-{os.getpid()}", workers=1) as made:
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
        }

    def __call__(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Its standard output; any other exit code fails the test."""
        argv = [sys.executable, "-m", "opskit", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240, env=self._env)
        assert done.returncode in codes, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def findings(self) -> list[dict[str, Any]]:
        """Those of kubeadm at warning or above; every part must have been read."""
        argv = [sys.executable, "-m", "opskit", "findings", "--cluster", self.cluster]
        argv += ["--system", "kubeadm", "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120, env=self._env)
        seen = json.loads(done.stdout)
        assert seen["unread"] == []
        return [each for each in seen["findings"] if each["severity"] != "info"]

    def change(self, runbook: str, **parameters: str) -> Path:
        """Plan, approve and run it to its verdict; the run's folder."""
        given = ["--cluster", self.cluster]
        for name, value in parameters.items():
            given += ["-p", f"{name}={value}"]
        name = runbook.replace("/", "-")
        planned, done = self.folder / f"{name}-planned", self.folder / f"{name}-done"
        self("run", runbook, *given, "--out", str(planned), codes=(4,))
        approval = self.folder / f"{name}.json"
        self("approve", str(planned / "plan.json"), "-o", str(approval))
        self("run", runbook, *given, "--out", str(done), "--approval", str(approval))
        return done


@pytest.fixture
def opskit(kubeadm: Sandbox, tmp_path: Path) -> Opskit:
    return Opskit(kubeadm, tmp_path)
