"""What is said where a part of a real Rook is missing: the part by its name, and what to do next."""

import json

import pytest
from rook_lab import Headless

from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.proof, pytest.mark.timeout(1200)]


def test_a_missing_toolbox(lab: Headless, sandbox: Sandbox) -> None:
    tools = ("deployment", "rook-ceph-tools")
    sandbox.kubectl("-n", "rook-ceph", "scale", *tools, "--replicas=0")
    try:
        wait_until(lambda: not _pods(sandbox), what="the toolbox is gone", deadline=120.0)
        found = lab.opskit(
            "findings", "--cluster", sandbox.context, "--system", "rook", "--json", "--fail-on", "warning"
        )
        assert found.returncode == 3, found.stderr
        first = json.loads(found.stdout)["findings"][0]
        assert "toolbox" in json.dumps(first), first
        assert first["remedy"]["text"]
        planned = lab.plan("rook/osd-down", osd=1)
        assert planned.exit_code == 5, planned.said
        assert "rook-ceph-tools" in planned.said
        assert "Next: " in planned.said
    finally:
        sandbox.kubectl("-n", "rook-ceph", "scale", *tools, "--replicas=1")
        sandbox.wait_healthy()


def _pods(sandbox: Sandbox) -> list[str]:
    return sandbox.kubectl(
        "-n", "rook-ceph", "get", "pods", "-l", "app=rook-ceph-tools", "-o", "name"
    ).split()


def test_a_missing_prometheus(lab: Headless, sandbox: Sandbox) -> None:
    if "monitoring" in sandbox.kubectl("get", "namespaces", "-o", "name"):
        pytest.skip("this sandbox has a Prometheus")
    out = lab.folder / "health"
    ran = lab.opskit("run", "rook/health", "--cluster", sandbox.context, "--out", str(out))
    assert ran.returncode == 0, ran.stderr
    verdict = json.loads((out / "verdict.json").read_text())
    (told,) = verdict["lacking"]
    assert "No server 'prometheus' is named in opskit.toml or found in the cluster" in told
    assert "[clusters.NAME.servers.prometheus]" in told
    assert verdict["unread"] == [], "a sound cluster may be without one"
    assert "Judged without growth" in verdict["sentence"]
