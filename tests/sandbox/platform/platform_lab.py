"""Runbooks on the platform sandbox, run as people run them; kubectl and etcdctl are the witnesses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.findings import Finding, Severity, at_or_above
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.sandbox.sandbox import Sandbox

SYSTEMS = ("operators", "openshift")
ETCDCTL = ("etcdctl", "--command-timeout=30s")


def opened(sandbox: Sandbox) -> Cluster:
    """The sandbox, live."""
    source = credentials(sandbox.context, kubeconfig=str(sandbox.kubeconfig))
    return Cluster(LiveReader(ApiServer(source), name=sandbox.context))


def findings(sandbox: Sandbox) -> list[Finding]:
    """What both rooms find at warning or above, the worst first."""
    found: list[Finding] = []
    with opened(sandbox) as cluster:
        for name in SYSTEMS:
            room = systems.load(name)
            found += room.checks(room.facts(cluster))
    return sorted(at_or_above(found, Severity.WARNING), key=lambda each: -each.severity.rank)


class Lab:
    """`opskit` against the sandbox, in processes of its own.

    Args:
        sandbox: that is up.
        folder: where runs and their state are kept.

    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder

    def opskit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command."""
        env = {
            **os.environ,
            "KUBECONFIG": str(self.sandbox.kubeconfig),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }
        argv = [sys.executable, "-m", "opskit", *words]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=900, check=False)
        print(done.stderr)
        return done

    def open(self) -> Cluster:
        """The sandbox, live."""
        return opened(self.sandbox)

    def change(self, runbook: str, **parameters: Any) -> tuple[Path, int]:
        """Plan a runbook, approve the plan as it stands, run it: the run's folder and exit code."""
        given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
        where = ("--cluster", self.sandbox.context)
        plan, out = self.folder / "plan", self.folder / "run"
        planned = self.opskit("plan", runbook, *given, *where, "--out", str(plan))
        if planned.returncode not in (0, 4):
            return plan, planned.returncode
        steps = json.loads((plan / "plan.json").read_text())["steps"]
        typed = [word for name in {each["confirm"] for each in steps} - {""} for word in ("--confirm", name)]
        approval = self.folder / "approval.json"
        approved = self.opskit("approve", str(plan / "plan.json"), *typed, "-o", str(approval))
        assert approved.returncode == 0, approved.stderr
        run = self.opskit("run", runbook, *given, *where, "--approval", str(approval), "--out", str(out))
        return out, run.returncode


def members(sandbox: Sandbox, namespace: str, pod: str) -> list[dict[str, Any]]:
    """What etcd's own tool lists, asked in a member's pod."""
    said = sandbox.kubectl("-n", namespace, "exec", pod, "--", *ETCDCTL, "member", "list", "-w", "json")
    return json.loads(said)["members"]


def route(sandbox: Sandbox) -> dict[str, Any]:
    """The storefront's route, as the API server has it."""
    return json.loads(sandbox.kubectl("-n", "storefront", "get", "routes", "web", "-o", "json"))["spec"]
