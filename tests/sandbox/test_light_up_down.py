"""`up` and `down`: all comes, all goes, killed half-way or not, and nobody else is touched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opskit.core.errors import Refused
from opskit.sandbox import Sandbox
from opskit.sandbox.binaries import require
from opskit.sandbox.waiting import wait_until

UP = "import sys; from opskit.sandbox import Sandbox; Sandbox.up(name=sys.argv[1], osds=3, prometheus=False)"


def test_it_looks_as_rook_makes_it(light: Sandbox) -> None:
    found = json.loads(light.kubectl("-n", "rook-ceph", "get", "cephcluster", "rook-ceph", "-o", "json"))
    assert found["status"]["phase"] == "Ready"
    assert found["status"]["ceph"]["health"] == "HEALTH_OK"
    assert found["status"]["ceph"]["fsid"] == light.ceph("fsid")["fsid"]
    osds = json.loads(
        light.kubectl("-n", "rook-ceph", "get", "deploy", "-l", "app=rook-ceph-osd", "-o", "json")
    )
    assert {each["metadata"]["labels"]["ceph-osd-id"] for each in osds["items"]} == set("012345")
    assert light.kubectl("-n", "rook-ceph", "get", "pdb", "-o", "name").split() == [
        "poddisruptionbudget.policy/rook-ceph-mon-pdb",
        "poddisruptionbudget.policy/rook-ceph-osd",
    ]


def test_the_toolbox_reaches_the_real_cluster(light: Sandbox) -> None:
    said = light.kubectl(
        "-n", "rook-ceph", "exec", "deploy/rook-ceph-tools", "--", "ceph", "fsid", "-f", "json"
    )
    assert json.loads(said) == light.ceph("fsid")


def test_the_daemons_logs_are_the_pods_logs(light: Sandbox) -> None:
    assert "ceph version" in light.kubectl("-n", "rook-ceph", "logs", "deploy/rook-ceph-osd-0")


@pytest.mark.timeout(300)
def test_a_deployment_scaled_to_nothing_stops_the_daemon(light: Sandbox) -> None:
    light.kubectl("-n", "rook-ceph", "scale", "deploy/rook-ceph-osd-0", "--replicas=0")
    wait_until(lambda: not light.site.processes.alive("ceph-osd.0"), what="osd.0 is gone", deadline=60)
    light.kubectl("-n", "rook-ceph", "scale", "deploy/rook-ceph-osd-0", "--replicas=1")
    light.wait_healthy()


@pytest.mark.timeout(600)
def test_a_drained_host_is_guarded_by_budgets_and_comes_back(light: Sandbox) -> None:
    light.kubectl("drain", "node-b", "--ignore-daemonsets", "--delete-emptydir-data", "--force", deadline=240)
    try:
        wait_until(
            lambda: (
                "rook-ceph-osd-host-node-a" in light.kubectl("-n", "rook-ceph", "get", "pdb", "-o", "name")
            ),
            what="the other hosts are blocked",
            deadline=60,
        )
        assert "OSD_HOST_DOWN" in light.ceph("health", "detail")["checks"]
    finally:
        light.kubectl("uncordon", "node-b")
        light.wait_healthy()


@pytest.mark.timeout(600)
def test_a_purged_osd_gets_a_new_disk_from_the_operator(light: Sandbox) -> None:
    before = {each["osd"]: each["uuid"] for each in light.ceph("osd", "dump")["osds"]}
    light.inject("osd-down", osd=2, cause="disk")
    light.kubectl(
        "-n", "rook-ceph", "scale", "deploy/rook-ceph-operator", "deploy/rook-ceph-osd-2", "--replicas=0"
    )
    light.ceph("osd", "out", "2")
    wait_until(
        lambda: 2 in light.ceph("osd", "safe-to-destroy", "2")["safe_to_destroy"],
        what="safe",
        deadline=200,
        every=1,
    )
    light.ceph("osd", "purge", "2", "--yes-i-really-mean-it")
    light.kubectl("-n", "rook-ceph", "delete", "deploy", "rook-ceph-osd-2")
    assert 2 not in light.ceph("osd", "ls")
    light.kubectl("-n", "rook-ceph", "scale", "deploy/rook-ceph-operator", "--replicas=1")
    wait_until(
        lambda: light.ceph("status")["osdmap"]["num_up_osds"] == 6, what="it is up", deadline=120, every=1
    )
    light.wait_healthy()
    after = {each["osd"]: each["uuid"] for each in light.ceph("osd", "dump")["osds"]}
    assert after.keys() == before.keys()
    assert {osd for osd in after if after[osd] != before[osd]} == {2}


@pytest.mark.timeout(900)
def test_a_killed_up_is_cleaned_and_another_process_is_left_alone(tmp_path: Path) -> None:
    name = f"killed-{os.getpid()}"
    bystander = subprocess.Popen(["sleep", "600"], start_new_session=True)
    sandbox = Sandbox(name)
    try:
        for seconds in (0.5, 3.0, 8.0):
            up = subprocess.Popen([sys.executable, "-c", UP, name], stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            up.send_signal(signal.SIGKILL)
            up.wait()
        sandbox = Sandbox.up(name=name, osds=3, prometheus=False)
        assert sandbox.ceph("health")["status"] == "HEALTH_OK"
        processes = sandbox.site.processes
        assert len(list(processes.marked())) > 8
        sandbox.down()
        assert list(processes.marked()) == []
        assert not sandbox.site.state.exists()
        assert not sandbox.site.run.exists()
        assert bystander.poll() is None
    finally:
        sandbox.down()
        bystander.kill()
        bystander.wait()


@pytest.mark.timeout(600)
def test_two_at_once_do_not_meet(light: Sandbox, fresh_light) -> None:
    other = fresh_light()
    assert other.ceph("fsid") != light.ceph("fsid")
    other.inject("osd-down", osd=0)
    assert light.ceph("health")["status"] == "HEALTH_OK"
    with pytest.raises(Refused, match="other options"):
        Sandbox.up(name=other.name, osds=6)
    other.down()
    assert light.ceph("health")["status"] == "HEALTH_OK"


def test_files_are_private(light: Sandbox) -> None:
    assert light.site.state.stat().st_mode & 0o777 == 0o700
    assert light.site.run.stat().st_mode & 0o777 == 0o700
    assert light.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_a_restricted_user_may_do_that_and_no_more(light: Sandbox) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    who = light.restricted_kubeconfig("reader", rules, namespace="rook-ceph")
    kubectl = [require("kubectl"), f"--kubeconfig={who}", "-n", "rook-ceph", "get"]
    assert subprocess.run([*kubectl, "pods"], capture_output=True, check=False).returncode == 0
    refused = subprocess.run([*kubectl, "secrets"], capture_output=True, text=True, check=False)
    assert "cannot list resource" in refused.stderr
    assert who.stat().st_mode & 0o777 == 0o600
