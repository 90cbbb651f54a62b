"""Each changing runbook of Ceph to its end on a real cluster, with an approval file, judged by `ceph`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rook_lab import Headless, deployment, killed, osd

from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(3600)]


def _healthy(sandbox: Sandbox) -> bool:
    status = sandbox.ceph("status")
    clean = [each["state_name"] for each in status["pgmap"]["pgs_by_state"]]
    up = status["osdmap"]["num_up_osds"] == status["osdmap"]["num_in_osds"] == status["osdmap"]["num_osds"]
    return up and all(state.startswith("active+clean") and "inconsistent" not in state for state in clean)


def _commands(sandbox: Sandbox, words: str) -> int:
    """How often the monitors were told to do this, by their own audit log."""
    lines = sandbox.ceph("log", "last", "1000", "debug", "audit")
    return sum(words in line["message"] and "dispatch" in line["message"] for line in lines)


def test_a_crashed_osd_comes_back(lab: Headless, sandbox: Sandbox) -> None:
    sandbox.inject("osd-down", osd=3)
    planned = lab.plan("rook/osd-down", osd=3)
    assert planned.exit_code == 0, planned.said
    assert not osd(sandbox, 3)["up"], "planning changes nothing"
    ran = planned.run()
    assert ran.exit_code == 0, ran.said
    assert osd(sandbox, 3)["up"]
    assert osd(sandbox, 3)["in"]
    assert _healthy(sandbox)
    assert all(each["ok"] for each in ran.verdict["goal"])
    again = lab.plan("rook/osd-down", osd=3)
    assert (again.exit_code, again.plan["steps"]) == (0, [])


def test_what_was_started_can_be_taken_back_and_started_again(lab: Headless, sandbox: Sandbox) -> None:
    sandbox.kubectl("-n", "rook-ceph", "scale", "deployment", "rook-ceph-osd-4", "--replicas=0")
    wait_until(lambda: not osd(sandbox, 4)["up"], what="osd.4 is down", deadline=120.0, every=1.0)
    ran = lab.plan("rook/osd-down", osd=4).run()
    assert ran.exit_code == 0, ran.said
    assert osd(sandbox, 4)["up"]
    assert lab.undo(ran.folder) == 0
    assert deployment(sandbox, "rook-ceph-osd-4")["spec"]["replicas"] == 0
    assert lab.plan("rook/osd-down", osd=4).run().exit_code == 0
    assert _healthy(sandbox)


def test_an_osd_is_replaced(lab: Headless, sandbox: Sandbox) -> None:
    before, old = osd(sandbox, 5)["uuid"], deployment(sandbox, "rook-ceph-osd-5")["metadata"]["uid"]
    others = {each["osd"]: each["uuid"] for each in sandbox.ceph("osd", "dump")["osds"] if each["osd"] != 5}
    ran = lab.plan("rook/replace-osd", osd=5).run()
    assert ran.exit_code == 0, ran.said
    dump = sandbox.ceph("osd", "dump")["osds"]
    assert before not in [each["uuid"] for each in dump]
    assert others.items() <= {each["osd"]: each["uuid"] for each in dump}.items()
    assert deployment(sandbox, "rook-ceph-osd-5")["metadata"]["uid"] != old
    assert deployment(sandbox, "rook-ceph-operator")["status"]["readyReplicas"] == 1
    assert _healthy(sandbox)


def test_a_replacement_that_was_killed_half_way_is_taken_back(
    lab: Headless, sandbox: Sandbox, tmp_path: Path
) -> None:
    uuid, spared = osd(sandbox, 2)["uuid"], tmp_path / "spared"
    spared.write_text("mark-out-osd-2:commit wait-safe-osd-2:commit pause-operator:commit")
    ran = lab.plan("rook/replace-osd", osd=2).run(kill_at="commit", spared=spared)
    assert killed(ran.exit_code)
    assert deployment(sandbox, "rook-ceph-operator")["spec"]["replicas"] == 0
    assert deployment(sandbox, "rook-ceph-osd-2")["spec"]["replicas"] == 0
    assert lab.undo(ran.folder) == 0
    assert deployment(sandbox, "rook-ceph-operator")["status"]["readyReplicas"] == 1
    there = osd(sandbox, 2)
    assert (there["uuid"], there["up"], there["in"]) == (uuid, 1, 1)
    wait_until(lambda: _healthy(sandbox), what="all PGs are clean", deadline=120.0, every=1.0)


def test_replacing_is_refused_while_another_failure_domain_is_away(lab: Headless, sandbox: Sandbox) -> None:
    sandbox.inject("osd-down", osd=0)
    planned = lab.plan("rook/replace-osd", osd=5)
    assert planned.exit_code == 5
    assert "osd.0 in host node-a is down: that would be two failure domains" in planned.said
    assert osd(sandbox, 5)["in"]
    assert deployment(sandbox, "rook-ceph-operator")["spec"]["replicas"] == 1


def test_a_host_goes_into_maintenance_and_comes_back(lab: Headless, sandbox: Sandbox) -> None:
    entered = lab.plan("rook/host-maintenance", host="node-c", direction="enter", until="23:59").run()
    assert entered.exit_code == 0, entered.said
    dump = sandbox.ceph("osd", "dump")
    assert dump["crush_node_flags"]["node-c"] == ["noout"]
    assert [each["osd"] for each in dump["osds"] if not each["up"]] == [4, 5]
    assert all(each["in"] for each in dump["osds"])
    assert "T23:59:00Z" in str(sandbox.ceph("config-key", "get", "opskit/noout/node-c"))
    assert json.loads(sandbox.kubectl("get", "node", "node-c", "-o", "json"))["spec"]["unschedulable"]
    left = lab.plan("rook/host-maintenance", host="node-c", direction="leave").run()
    assert left.exit_code == 0, left.said
    assert sandbox.ceph("osd", "dump")["crush_node_flags"] == {}
    assert "opskit/noout/node-c" not in sandbox.ceph("config-key", "ls")
    assert not json.loads(sandbox.kubectl("get", "node", "node-c", "-o", "json"))["spec"].get("unschedulable")
    assert "rook-ceph-osd" in sandbox.kubectl("-n", "rook-ceph", "get", "pdb", "-o", "name")
    assert _healthy(sandbox)


def test_a_damaged_pg_is_repaired_and_scrubbed_again(lab: Headless, sandbox: Sandbox) -> None:
    sandbox.inject("pg-inconsistent")
    (damaged,) = sandbox.injected()["pg-inconsistent"]
    pg, bad = damaged["pg"], damaged["osd"]
    planned = lab.plan("rook/repair-pg", pg=pg)
    assert planned.exit_code == 0, planned.said
    assert _commands(sandbox, '"pg repair"') == 0, "planning changes nothing"
    (repair,) = [step for step in planned.plan["steps"] if step["id"] == f"repair-pg-{pg}"]
    assert f"on osd.{bad}" in repair["expected"][0]["path"]
    ran = planned.run()
    assert ran.exit_code == 0, ran.said
    assert "PG_DAMAGED" not in sandbox.ceph("health")["checks"]
    assert sandbox.ceph("pg", pg, "query")["info"]["stats"]["stat_sum"]["num_scrub_errors"] == 0
    assert _healthy(sandbox)


@pytest.mark.parametrize(
    ("approve", "exit_code"),
    [
        pytest.param(lambda planned: None, 4, id="none"),
        pytest.param(lambda planned: planned, 5, id="of another plan"),
    ],
)
def test_nothing_changes_without_the_right_approval(
    approve: Callable[[object], object], exit_code: int, lab: Headless, sandbox: Sandbox
) -> None:
    sandbox.inject("osd-down", osd=2)
    other = lab.plan("rook/replace-osd", osd=2).approve() if approve(1) else None
    planned = lab.plan("rook/osd-down", osd=2)
    given = ["--approval", str(other)] if other else []
    done = lab.opskit("run", "rook/osd-down", *planned.given, "--cluster", sandbox.context, *given)
    assert done.returncode == exit_code, done.stderr
    assert not osd(sandbox, 2)["up"]
