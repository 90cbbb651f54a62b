"""An approval that can't count is refused at once: before a kernel starts or a cluster is asked."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from opskit.cli.main import app
from opskit.core.approval import Approval, approve
from opskit.core.plan import Draft, Lock, Plan
from opskit.runner import catalogue
from opskit.runner.kernels import Kernel

RUNBOOK, ALICE = "rook/osd-down", "alice@example.net"
GIVEN = {"osd": "3", "cluster": "nowhere"}
COMMAND = ["run", RUNBOOK, "-p", "osd=3", "--cluster", "nowhere", "--approval"]


class KernelStarted(Exception):
    """A kernel was started."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, in which starting a kernel is told."""
    for name in ("OPSKIT_RUNS", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.chdir(tmp_path)

    def started(**_: object) -> Kernel:
        raise KernelStarted

    monkeypatch.setattr(Kernel, "start", started)
    return tmp_path


def approved(**more: Any) -> Approval:
    """Alice's, of a plan of what is run here."""
    runbook = catalogue.find(RUNBOOK)
    shown = runbook.show(runbook.read(GIVEN))
    named = {"runbook": RUNBOOK, "parameters": {k: v for k, v in shown.items() if k != "cluster"}}
    draft = Draft(title="T", steps=(), goal=(), lock=Lock(namespace="n", name="l"))
    plan = Plan(
        **{**named, **more},
        system="rook",
        title=draft.title,
        cluster="c",
        cluster_uid="u",
        code="0" * 64,
        lock=draft.lock,
        steps=draft.steps,
        goal=draft.goal,
        made=datetime.now(UTC),
    )
    return approve(plan, by=ALICE, lasts=timedelta(hours=1))


def expired() -> Approval:
    return replace(approved(), until=datetime.now(UTC) - timedelta(seconds=1))


def altered() -> Approval:
    good = approved()
    return replace(good, reviewed={**good.reviewed, "code": "f" * 64})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (expired, "The approval expired at "),
        (altered, "the file was altered"),
        (lambda: approved(runbook="rook/replace-osd"), "runbook: rook/replace-osd → rook/osd-down"),
        (lambda: approved(parameters={"osd": 4}), "parameters.osd: 4 → 3"),
    ],
)
def test_what_can_not_count_is_refused_before_a_kernel_starts(
    made: Callable[[], Approval], said: str, home: Path
) -> None:
    assert_refused(made(), said, home)


def test_what_may_count_goes_on(home: Path) -> None:
    approved().save(home / "approval.json")
    ended = CliRunner().invoke(app, [*COMMAND, "approval.json"])
    assert "KernelStarted" in ended.stderr, ended.stderr


def assert_refused(approval: Approval, said: str, home: Path, exit_code: int = 5) -> None:
    """One sentence with what comes next; no run was begun."""
    approval.save(home / "approval.json")
    ended = CliRunner().invoke(app, [*COMMAND, "approval.json"])
    assert ended.exit_code == exit_code, ended.stderr
    assert said in ended.stderr
    assert "Next: " in ended.stderr
    assert not list(home.glob("OPSKIT_RUNS/*"))


@pytest.fixture
def desk(home: Path) -> Path:
    """Where `opskit.toml` trusts Alice, and Mallory has a key, too."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs OpenSSH's client")
    for name in ("alice", "mallory"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
    kind, key, *_ = (home / "alice.pub").read_text().split()
    (home / "signers").write_text(f'{ALICE} namespaces="opskit-approval" {kind} {key}\n')
    (home / "opskit.toml").write_text('[approval]\nallowed_signers = "signers"\n')
    return home


def longer(approval: Approval) -> Approval:
    return replace(approval, until=approval.until + timedelta(days=365))


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        (lambda desk: approved(), "The approval is not signed, and only signed approvals are accepted here"),
        (
            lambda desk: approved().signed(desk / "mallory"),
            f"The approval's signature is not accepted for '{ALICE}'",
        ),
        (
            lambda desk: longer(approved().signed(desk / "alice")),
            "The approval's signature is not accepted for",
        ),
    ],
    ids=["unsigned", "forged", "altered"],
)
def test_a_signature_that_is_not_trusted_is_refused_before_a_kernel_starts(
    signed: Callable[[Path], Approval], said: str, desk: Path
) -> None:
    assert_refused(signed(desk), said, desk)


def test_signers_that_can_not_be_told_are_a_wrong_configuration(desk: Path) -> None:
    approval = approved().signed(desk / "alice")
    (desk / "signers").unlink()
    assert_refused(approval, "The file of allowed signers is missing", desk, exit_code=2)


def test_a_trusted_signature_goes_on(desk: Path) -> None:
    approved().signed(desk / "alice").save(desk / "approval.json")
    assert json.loads((desk / "approval.json").read_text())["signature"]
    ended = CliRunner().invoke(app, [*COMMAND, "approval.json"])
    assert "KernelStarted" in ended.stderr, ended.stderr
