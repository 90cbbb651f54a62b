"""Promise 7 on a live cluster: its secrets and the caller's stand nowhere after a run and a capture."""

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from rook_lab import Headless
from test_rook_rights import grant, opened

from opskit.runner import catalogue
from opskit.runner.changing import rules_of
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until
from tests import figures
from tests.watching import Watching

pytestmark = [pytest.mark.sandbox, pytest.mark.proof, pytest.mark.timeout(1800)]

CANARY = "c4n4ry/+live-se<ret"
"""In a Secret, and as the value of a variable of a pod, beside Ceph."""


def forms(secret: str) -> set[bytes]:
    """The ways in which it may be written."""
    plain = secret.encode()
    written = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), secret.replace("<", "&lt;")}
    return {each.encode() for each in written} | {
        base64.b64encode(plain),
        base64.urlsafe_b64encode(plain).rstrip(b"="),
    }


def shown(secrets: list[str]) -> list[str]:
    """Every form of them, as text."""
    return [form.decode() for secret in secrets for form in forms(secret)]


def plant(sandbox: Sandbox) -> None:
    """A Secret and a deployment that hold the canary."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "canary", "namespace": "rook-ceph"},
        "stringData": {"password": CANARY},
    }
    container = {"name": "main", "image": "example.org/x:1", "env": [{"name": "PASSWORD", "value": CANARY}]}
    template = {"metadata": {"labels": {"app": "canary"}}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "canary", "namespace": "rook-ceph"},
        "spec": {"selector": {"matchLabels": {"app": "canary"}}, "template": template},
    }
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [secret, deployment]})
    sandbox.kubectl("apply", "-f", "-", text=text)


def hits(root: Path, secrets: list[str], *, but: set[Path]) -> list[str]:
    """Files, and members of snapshots, in which one of them stands."""
    found: list[str] = []
    for path in [each for each in root.rglob("*") if each.is_file() and each not in but]:
        bodies = {str(path): path.read_bytes()}
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                bodies |= {f"{path}:{name}": archive.read(name) for name in archive.namelist()}
        found += [
            name
            for name, body in bodies.items()
            for each in secrets
            if any(form in body for form in forms(each))
        ]
    return found


def test_nowhere_after_a_repair_and_a_capture(
    lab: Headless, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    with opened(sandbox, sandbox.kubeconfig) as cluster:
        rules = list(rules_of(cluster, catalogue.find("rook/osd-down").rules))
    lab.kubeconfig = grant(sandbox, "canary", rules)
    (user,) = json.loads(lab.kubeconfig.read_text())["users"]
    keyring = sandbox.ceph("auth", "get-key", "client.admin")
    secrets = [CANARY, user["user"]["token"], keyring["key"] if isinstance(keyring, dict) else str(keyring)]
    assert all(len(each) > 15 for each in secrets)
    plant(sandbox)
    try:
        sandbox.inject("osd-down", osd=1)
        with Watching(shown(secrets)) as watching:
            ran = lab.plan("rook/osd-down", osd=1).run()
            taken = lab.opskit("capture", "--cluster", sandbox.context, "-o", str(tmp_path / "it.opskit"))
            told = lab.opskit("findings", "--cluster", sandbox.context, "--json")
    finally:
        sandbox.kubectl("-n", "rook-ceph", "delete", "deployment/canary", "secret/canary")
    assert (ran.exit_code, taken.returncode, told.returncode) == (0, 0, 0), (
        ran.said + taken.stderr + told.stderr
    )
    assert (ran.folder / "journal.jsonl").exists()
    assert (ran.folder / "report.html").exists()
    said = (ran.said + taken.stderr + told.stdout + told.stderr).encode()
    assert [each for each in secrets if any(form in said for form in forms(each))] == []
    assert hits(tmp_path, secrets, but={lab.kubeconfig}) == []
    assert watching.found == []
    _keep(tmp_path, secrets, watching)


def _keep(root: Path, secrets: list[str], watching: Watching) -> None:
    """The figures, once nothing was found."""
    searched = [each for each in root.rglob("*") if each.is_file()]
    figures.keep(
        "Secrets: canaries",
        "A Secret's value, the caller's token and Ceph's admin key, looked for in each form (raw, base64, "
        "URL-, JSON- and HTML-escaped) after an OSD was brought back by an approved run, a capture and a "
        "survey.",
        {
            "secrets": f"{len(secrets)}",
            "forms looked for": f"{len(set(shown(secrets)))}",
            "files searched, members of snapshots included": f"{len(searched) + _members(searched)}",
            "bytes searched": f"{sum(each.stat().st_size for each in searched):,}",
            "looks at the process list": f"{watching.looks}",
            "hits": "0",
        },
    )


def _members(files: list[Path]) -> int:
    """How many files the snapshots hold."""
    zipped = [each for each in files if zipfile.is_zipfile(each)]
    return sum(len(zipfile.ZipFile(each).namelist()) for each in zipped)


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x " + base64.b64encode(CANARY.encode()))
    with zipfile.ZipFile(tmp_path / "b", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("answer", json.dumps({"v": CANARY}))
    assert set(hits(tmp_path, [CANARY], but=set())) == {str(tmp_path / "a"), f"{tmp_path / 'b'}:answer"}
    argv = [sys.executable, "-c", "input()", CANARY]
    with Watching(shown([CANARY])) as watching, subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        wait_until(lambda: bool(watching.found), what="it is seen", deadline=60.0)
        process.communicate(b"\n")
