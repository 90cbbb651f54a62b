"""The fault `apiserver-sick` in any profile: kubectl meets it, readings get through, nobody else gets in."""

import subprocess
from pathlib import Path

import pytest
import urllib3
import yaml

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.kinds_core import NAMESPACE
from opskit.sandbox import Sandbox, api_faults
from opskit.sandbox.binaries import require

ASKED = 40


def goes_in_and_out(sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the way to the API server sick, ask as kubectl, as opskit and as somebody else, and heal it."""
    direct = sandbox.kubeconfig.read_text()
    sandbox.inject("apiserver-sick", percent=15, late_ms=300)
    try:
        assert sandbox.kubeconfig.read_text() != direct
        said = [kubectl(sandbox.kubeconfig, "get", "--raw", "/api/v1/nodes") for _ in range(ASKED)]
        failed = [each.stderr for each in said if each.returncode]
        assert 0 < len(failed) < ASKED, "of 40 some fail and some don't"
        assert met_by_reading(sandbox, monkeypatch) > 0
        assert kubectl(of_another_user(sandbox, folder), "get", "--raw", "/readyz").returncode != 0
        assert strangers(sandbox) > 0, "another user of the same CA would be taken for the admin"
    finally:
        sandbox.heal()
    assert sandbox.kubeconfig.read_text() == direct
    assert all(kubectl(sandbox.kubeconfig, "get", "--raw", "/readyz").returncode == 0 for _ in range(ASKED))


def kubectl(kubeconfig: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What kubectl says, whatever that is."""
    argv = [require("kubectl"), "--kubeconfig", str(kubeconfig), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def of_another_user(sandbox: Sandbox, folder: Path) -> Path:
    """The scheduler's kubeconfig, led the sick way."""
    found, way = (
        yaml.safe_load((sandbox.site.state / name).read_text())
        for name in ("scheduler.kubeconfig", "kubeconfig")
    )
    found["clusters"][0]["cluster"]["server"] = way["clusters"][0]["cluster"]["server"]
    file = folder / "scheduler.kubeconfig"
    file.write_text(yaml.safe_dump(found))
    return file


def strangers(sandbox: Sandbox) -> int:
    """How many clients Envoy sent away for their certificate: kubectl may only see a closed connection."""
    url = f"http://127.0.0.1:{sandbox.site.port('sick-api-admin')}/stats?filter=fail_verify_cert_hash"
    told = urllib3.request("GET", url, timeout=5.0).data.decode()
    return sum(int(line.rpartition(" ")[2]) for line in told.splitlines())


def met_by_reading(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> int:
    """Read often; how many of the requests were refused or late, while every reading but one got through."""
    monkeypatch.setenv("KUBECONFIG", str(sandbox.kubeconfig))
    before, unread = api_faults.met(sandbox.site), 0
    with Cluster.open(sandbox.context) as cluster:
        for _ in range(ASKED):
            try:
                assert cluster.list(NAMESPACE)
            except ReadError:
                unread += 1
    after = api_faults.met(sandbox.site)
    assert unread <= 1
    return sum(after[each] - before[each] for each in ("refused", "late"))
