"""Whose approval counts: signed with real SSH keys, checked by the command line before anything changes."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rook_lab import Headless, Planned, deployment, osd

from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.proof,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs OpenSSH's client"),
]

OSD = 4
ALICE = "alice@example.net"


class Desk:
    """Alice, whom `opskit.toml` trusts, and Mallory, whom it does not; a plan waits on the desk."""

    def __init__(self, lab: Headless, planned: Planned, folder: Path) -> None:
        self.lab = lab
        self.planned = planned
        self.folder = folder
        public = _key(folder / "alice").read_text().split()
        _key(folder / "mallory")
        self.signers = folder / "signers"
        self.signers.write_text(f'{ALICE} namespaces="opskit-approval" {public[0]} {public[1]}\n')
        self.config = folder / "opskit.toml"
        self.config.write_text('[approval]\nallowed_signers = "signers"\n')

    def approved(self, name: str, *words: str, plan: Path | None = None) -> Path:
        """An approval of the plan, by Alice unless the words say otherwise."""
        file = self.folder / f"{name}.json"
        typed = ("--confirm", f"osd.{OSD}")
        given = (*(words or ("--by", ALICE, "--sign", str(self.folder / "alice"))), *typed)
        plan = plan or self.planned.out / "plan.json"
        done = self.lab.opskit("approve", str(plan), *given, "-o", str(file))
        assert done.returncode == 0, done.stderr
        return file

    def altered(self, name: str) -> Path:
        """Alice's, which lasts longer than she signed."""
        file = self.approved(name)
        file.write_text(json.dumps({**json.loads(file.read_text()), "until": "2099-01-01T00:00:00Z"}))
        return file

    def of_altered_plan(self, name: str) -> Path:
        """Alice's, of a plan that somebody altered before she looked at it."""
        plan = self.folder / "altered-plan.json"
        made = (self.planned.out / "plan.json").read_text()
        assert '"replicas": 1' in made
        plan.write_text(made.replace('"replicas": 1', '"replicas": 3'))
        return self.approved(name, plan=plan)

    def expired(self, name: str) -> Path:
        """Alice's, which is over."""
        words = ("--by", ALICE, "--sign", str(self.folder / "alice"), "--until", "1s")
        file = self.approved(name, *words)
        until = datetime.fromisoformat(json.loads(file.read_text())["until"])
        wait_until(lambda: datetime.now(UTC) > until, what="the approval is over", deadline=30.0)
        return file


def _key(file: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file.with_suffix(".pub")


def test_only_a_trusted_fresh_approval_of_this_very_plan_counts(
    lab: Headless, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.kubectl("-n", "rook-ceph", "scale", "deployment", f"rook-ceph-osd-{OSD}", "--replicas=0")
    wait_until(lambda: not osd(sandbox, OSD)["up"], what=f"osd.{OSD} is down", deadline=120.0, every=1.0)
    # Out as well: Ceph would mark it out by itself while the test lasts, and the plan would be another one.
    sandbox.ceph("osd", "out", str(OSD))
    wait_until(lambda: not osd(sandbox, OSD)["in"], what=f"osd.{OSD} is out", deadline=120.0, every=1.0)
    desk = Desk(lab, lab.plan("rook/osd-down", osd=OSD), tmp_path)
    monkeypatch.setenv("OPSKIT_CONFIG", str(desk.config))
    mallory = ("--by", ALICE, "--sign", str(tmp_path / "mallory"))
    borrowed = ("--by", "mallory@example.net", "--sign", str(tmp_path / "alice"))
    refused = {
        desk.approved("unsigned", "--by", ALICE): (
            5,
            "The approval is not signed, and only signed approvals",
        ),
        desk.approved("of-mallory", *mallory): (5, f"The approval's signature is not accepted for {ALICE!r}"),
        desk.approved("borrowed", *borrowed): (5, "is not accepted for 'mallory@example.net'"),
        desk.altered("altered"): (5, f"The approval's signature is not accepted for {ALICE!r}"),
        desk.of_altered_plan("other"): (5, "The plan made now differs from the one that was reviewed: "),
        desk.expired("expired"): (5, "The approval expired at "),
    }
    for approval, (code, said) in refused.items():
        ran = desk.planned.run(approval=approval, out=approval.stem)
        assert (ran.exit_code, said in ran.said, "Next: " in ran.said) == (code, True, True), ran.said
    good = desk.approved("good")
    desk.signers.rename(tmp_path / "elsewhere")
    ran = desk.planned.run(approval=good, out="no-signers")
    assert (ran.exit_code, "The file of allowed signers is missing" in ran.said) == (2, True), ran.said
    assert deployment(sandbox, f"rook-ceph-osd-{OSD}")["spec"]["replicas"] == 0, "nothing was changed so far"

    (tmp_path / "elsewhere").rename(desk.signers)
    ran = desk.planned.run(approval=good, out="good-run")
    assert ran.exit_code == 0, ran.said
    assert osd(sandbox, OSD)["up"]
    (locked,) = [record for record in ran.journal if record["phase"] == "opened"]
    assert locked["data"]["signed_by"] == ALICE
