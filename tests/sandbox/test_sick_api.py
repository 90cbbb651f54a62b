"""The fault `apiserver-sick`: kubectl meets it, opskit's readings get through, and nobody else gets in."""

import subprocess
from pathlib import Path

import pytest
import yaml

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.kinds_core import POD
from opskit.sandbox import Sandbox, api_faults
from opskit.sandbox.binaries import require

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

ASKED = 40


def kubectl(kubeconfig: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = [require("kubectl"), "--kubeconfig", str(kubeconfig), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def test_kubectl_fails_now_and_then_and_opskit_gets_through(
    light: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = light.kubeconfig.read_text()
    light.inject("apiserver-sick", percent=15, late_ms=300)
    try:
        assert light.kubeconfig.read_text() != direct
        said = [kubectl(light.kubeconfig, "get", "--raw", "/api/v1/nodes") for _ in range(ASKED)]
        failed = [each.stderr for each in said if each.returncode]
        assert 0 < len(failed) < ASKED, "of 40 some fail and some don't"
        assert met_by_reading(light, monkeypatch) > 0
        refused = kubectl(of_another_user(light, tmp_path), "get", "--raw", "/readyz")
        assert refused.returncode != 0
        assert "tls" in refused.stderr, "another user of the same CA would be taken for the admin"
    finally:
        light.heal()
    assert light.kubeconfig.read_text() == direct
    assert all(kubectl(light.kubeconfig, "get", "--raw", "/readyz").returncode == 0 for _ in range(ASKED))


def of_another_user(light: Sandbox, folder: Path) -> Path:
    """The scheduler's kubeconfig, led the sick way."""
    found, way = (
        yaml.safe_load((light.site.state / name).read_text())
        for name in ("scheduler.kubeconfig", "kubeconfig")
    )
    found["clusters"][0]["cluster"]["server"] = way["clusters"][0]["cluster"]["server"]
    file = folder / "scheduler.kubeconfig"
    file.write_text(yaml.safe_dump(found))
    return file


def met_by_reading(light: Sandbox, monkeypatch: pytest.MonkeyPatch) -> int:
    """Read often; how many of the requests were refused or late, while every reading but one got through."""
    monkeypatch.setenv("KUBECONFIG", str(light.kubeconfig))
    before, unread = api_faults.met(light.site), 0
    with Cluster.open(light.context) as cluster:
        for _ in range(ASKED):
            try:
                assert cluster.list(POD, namespace="rook-ceph")
            except ReadError:
                unread += 1
    after = api_faults.met(light.site)
    assert unread <= 1
    return sum(after[each] - before[each] for each in ("refused", "late"))
