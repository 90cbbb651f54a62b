"""Approvals: saved, signed, checked."""

import shutil
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from opskit.core.approval import Approval, approve, load
from opskit.core.errors import ApprovalRejected, ConfigError
from opskit.core.plan import Condition, Lock, Plan, Scale, Step, Target

NEEDS_SSH = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs OpenSSH's client")


def plan(**changes: object) -> Plan:
    step = Step(
        id="scale",
        title="Scale",
        action=Scale(replicas=0),
        target=Target(kind="Deployment", name="osd", namespace="n", plural="deployments", uid="u"),
        reason="because",
        confirm="osd",
    )
    made = Plan(
        runbook="test/test",
        system="test",
        title="A test",
        cluster="lab",
        cluster_uid="c",
        parameters={"osd": 3},
        code="0" * 64,
        lock=Lock(namespace="n", name="l"),
        steps=(step,),
        goal=(Condition(name="test/ok", text="all is well"),),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


def approved(of: Plan | None = None, **more: object) -> Approval:
    return replace(approve(of or plan(), by="alice", lasts=timedelta(hours=1), confirmations=["osd"]), **more)


def test_a_good_approval_passes_also_after_it_was_saved(tmp_path: Path) -> None:
    file = tmp_path / "approval.json"
    approved().save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    load(file).check(plan())


def test_prose_and_our_name_of_the_cluster_are_not_bound() -> None:
    step = replace(plan().steps[0], title="Other", reason="other")
    goal = (Condition(name="test/ok", text="said otherwise"),)
    approved().check(
        plan(title="Other", cluster="in-cluster", made=datetime.now(UTC), steps=(step,), goal=goal)
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (plan(parameters={"osd": 4}), "parameters.osd: 3 → 4"),
        (plan(code="1" * 64), f"code: {'0' * 64} → {'1' * 64}"),
        (plan(goal=()), "goal[0].name: test/ok → absent"),
        (plan(lock=Lock(namespace="n", name="other")), "lock.name: l → other"),
        (plan(cluster_uid="d"), "for the cluster with UID c, not for lab"),
    ],
)
def test_another_plan_is_refused_with_the_difference(changed: Plan, says: str) -> None:
    with pytest.raises(ApprovalRejected) as caught:
        approved().check(changed)
    assert says in str(caught.value)


def hours(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=number)


@pytest.mark.parametrize(
    ("approval", "says"),
    [
        (lambda: approved(at=hours(-2), until=hours(-1)), "The approval expired at"),
        (lambda: approved(at=hours(1), until=hours(2)), "which is in the future"),
        (lambda: approved(confirmations=()), "lacks the typed confirmation of osd"),
        (lambda: approved(confirmations=("OSD",)), "lacks the typed confirmation of osd"),
        (lambda: approved(reviewed={}), "the file was altered"),
    ],
)
def test_a_wrong_approval_says_what_is_wrong(approval: Callable[[], Approval], says: str) -> None:
    with pytest.raises(ApprovalRejected, match=says):
        approval().check(plan())


def test_taking_back_does_not_need_a_fresh_one() -> None:
    approved(at=hours(-2), until=hours(-1)).check(plan(), late=True)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"plan_hash": 1}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_approval_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "approval.json"
    file.write_bytes(content)
    with pytest.raises(ApprovalRejected, match="can't be read"):
        load(file)


def key(folder: Path, name: str) -> Path:
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file], check=True)
    return file


def signers(folder: Path, who: str, of: Path, options: str = "") -> Path:
    file = folder / "allowed"
    public = of.with_suffix(".pub").read_text()
    file.write_text(f"{who} {options}{public}")
    return file


@NEEDS_SSH
def test_a_trusted_signature_passes_and_survives_saving(tmp_path: Path) -> None:
    signing = key(tmp_path, "alice")
    approved().signed(signing).save(tmp_path / "approval.json")
    allowed = signers(tmp_path, "alice", signing)
    assert load(tmp_path / "approval.json").check(plan(), allowed_signers=allowed) == "alice"


def unsigned(_: Path) -> Approval:
    return approved()


def by_a_stranger(folder: Path) -> Approval:
    return approved().signed(key(folder, "mallory"))


def for_someone_else(folder: Path) -> Approval:
    return approved(by="bob").signed(folder / "alice")


def changed_after(folder: Path) -> Approval:
    return replace(approved().signed(folder / "alice"), until=hours(9))


def of_garbage(_: Path) -> Approval:
    return approved(signature="-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")


@NEEDS_SSH
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (unsigned, "The approval is not signed"),
        (by_a_stranger, "signature is not accepted for 'alice'"),
        (for_someone_else, "signature is not accepted for 'bob'"),
        (changed_after, "signature is not accepted for 'alice'"),
        (of_garbage, "signature is not accepted for 'alice'"),
    ],
)
def test_only_trusted_signatures_pass(make: Callable[[Path], Approval], says: str, tmp_path: Path) -> None:
    allowed = signers(tmp_path, "alice", key(tmp_path, "alice"))
    with pytest.raises(ApprovalRejected, match=says):
        make(tmp_path).check(plan(), allowed_signers=allowed)


@NEEDS_SSH
def test_a_signature_for_another_purpose_does_not_count(tmp_path: Path) -> None:
    signing = key(tmp_path, "alice")
    allowed = signers(tmp_path, "alice", signing, options='namespaces="git" ')
    with pytest.raises(ApprovalRejected, match="not accepted"):
        approved().signed(signing).check(plan(), allowed_signers=allowed)


def test_a_missing_key_or_file_of_signers_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such key"):
        approved().signed(tmp_path / "none")
    with pytest.raises(ConfigError, match="allowed signers is missing"):
        approved().check(plan(), allowed_signers=tmp_path / "none")
