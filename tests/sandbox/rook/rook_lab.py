"""Runbooks, run as a person runs them: `opskit` in processes of its own, judged by `ceph` beside it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from opskit.sandbox.sandbox import Sandbox

KILLS = Path(__file__).parent / "kills"
"""Beside it stands the module that kills a run at a boundary."""


class Headless:
    """`opskit` against one sandbox.

    Args:
        sandbox: that is up.
        folder: where runs and their state are kept.

    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.kubeconfig = sandbox.kubeconfig

    def opskit(
        self, *words: str, kill_at: str = "", spared: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One command; `kill_at` has it killed at the first of those boundaries that is not spared."""
        env = self.env(kill_at=kill_at, spared=spared)
        argv = [sys.executable, "-m", "opskit", *words]
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=3000, check=False)

    def env(self, *, kill_at: str = "", spared: Path | None = None) -> dict[str, str]:
        """Where a command finds its cluster and keeps its state."""
        env = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "OPSKIT_TEST_KILL": kill_at,
            "OPSKIT_TEST_SPARED": str(spared or ""),
        }
        if kill_at:
            env["PYTHONPATH"] = os.pathsep.join([str(KILLS), *filter(None, [os.environ.get("PYTHONPATH")])])
        return env

    def plan(self, runbook: str, **parameters: Any) -> "Planned":
        """Plan it; what came of it."""
        out = self.folder / f"plan-{len(list(self.folder.glob('plan-*')))}"
        given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
        done = self.opskit("plan", runbook, *given, "--cluster", self.sandbox.context, "--out", str(out))
        return Planned(self, runbook, given, out, done)

    def resume(self, run: Path, *, kill_at: str = "", spared: Path | None = None) -> int:
        """Go on with a run; its exit code."""
        done = self.opskit("resume", str(run), kill_at=kill_at, spared=spared)
        print(done.stderr)
        return done.returncode

    def undo(self, run: Path) -> int:
        """Take a run back; its exit code."""
        done = self.opskit("undo", str(run))
        print(done.stderr)
        return done.returncode


class Planned:
    """A plan that waits for its approval."""

    def __init__(
        self,
        lab: Headless,
        runbook: str,
        given: list[str],
        out: Path,
        done: subprocess.CompletedProcess[str],
    ) -> None:
        self.lab = lab
        self.runbook = runbook
        self.given = given
        self.out = out
        self.exit_code = done.returncode
        self.said = done.stderr

    @property
    def plan(self) -> dict[str, Any]:
        """plan.json."""
        return json.loads((self.out / "plan.json").read_text())

    def approve(self) -> Path:
        """Approve it as it stands, with every name typed that it asks for."""
        names = sorted(
            {step["confirm"] for step in self.plan["steps"] if step["confirm"] and not step["skip"]}
        )
        typed = [word for name in names for word in ("--confirm", name)]
        approval = self.out / "approval.json"
        done = self.lab.opskit("approve", str(self.out / "plan.json"), *typed, "-o", str(approval))
        assert done.returncode == 0, done.stderr
        return approval

    def run(
        self, *, approval: Path | None = None, kill_at: str = "", spared: Path | None = None, out: str = ""
    ) -> "Ran":
        """Run it under an approval, in the folder `out`; None approves it first."""
        folder = self.out.with_name(out or self.out.name.replace("plan", "run"))
        words = self.words(approval=approval or self.approve(), out=folder)
        done = self.lab.opskit(*words, kill_at=kill_at, spared=spared)
        print(done.stderr)
        return Ran(folder, done)

    def words(self, *, approval: Path, out: Path) -> list[str]:
        """The command that runs it."""
        where = ["--cluster", self.lab.sandbox.context, "--out", str(out), "--cell-timeout", "40m"]
        return ["run", self.runbook, *self.given, *where, "--approval", str(approval)]

    def argv(self, *, approval: Path, out: Path) -> list[str]:
        """The same as a process of its own."""
        return [sys.executable, "-m", "opskit", *self.words(approval=approval, out=out)]


class Ran:
    """A run that ended, one way or another."""

    def __init__(self, folder: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.folder = folder
        self.exit_code = done.returncode
        self.said = done.stderr

    @property
    def begun(self) -> bool:
        """Whether it came so far that it can be gone on with."""
        return (self.folder / "journal.jsonl").exists()

    @property
    def verdict(self) -> dict[str, Any]:
        """verdict.json."""
        return json.loads((self.folder / "verdict.json").read_text())

    @property
    def journal(self) -> list[dict[str, Any]]:
        """journal.jsonl."""
        return [json.loads(line) for line in (self.folder / "journal.jsonl").read_text().splitlines()]


def osd(sandbox: Sandbox, number: int) -> dict[str, Any]:
    """The OSD as `ceph osd dump` has it."""
    return next(each for each in sandbox.ceph("osd", "dump")["osds"] if each["osd"] == number)


def deployment(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """The deployment as the API server has it."""
    return json.loads(sandbox.kubectl("-n", "rook-ceph", "get", "deployment", name, "-o", "json"))


def killed(exit_code: int) -> bool:
    """Whether a process ended by SIGKILL."""
    return exit_code in (-signal.SIGKILL, 128 + signal.SIGKILL)


def assert_replaced_once(sandbox: Sandbox, number: int, journal: list[dict[str, Any]], *, since: int) -> None:
    """By Ceph's own maps since that epoch, the OSD was marked out once and made anew once."""
    created = outs = 0
    was = None
    for epoch in range(since, sandbox.ceph("osd", "dump")["epoch"] + 1):
        found = [each for each in sandbox.ceph("osd", "dump", str(epoch))["osds"] if each["osd"] == number]
        now = (found[0]["uuid"], found[0]["in"]) if found else None
        created += was is None and now is not None and epoch > since
        outs += bool(was and now and was[0] == now[0] and was[1] and not now[1])
        was = now
    assert (created, outs) == (1, 1)
    assert_each_step_once(journal)


def assert_each_step_once(journal: list[dict[str, Any]]) -> None:
    """No step was done a second time."""
    done = [record["step"] for record in journal if record["phase"] == "done"]
    assert len(done) == len(set(done)), done
