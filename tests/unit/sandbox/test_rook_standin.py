import pytest

from opskit.sandbox.kube import covers
from opskit.sandbox.kubelet.podstatus import Container, pod_status
from opskit.sandbox.light.ceph import pgs_clean
from opskit.sandbox.rook_standin.cephstatus import ceph_version, cluster_status, same_but_for_time
from opskit.sandbox.rook_standin.disruption import budgets
from opskit.sandbox.rook_standin.leases import ready_again

HOSTS = {"node-a": False, "node-b": False, "node-c": False}
POD = {"status": {}, "spec": {"containers": [{"name": "osd", "image": "i"}]}}
VERSION = {"overall": {"ceph version 16.2.15 (618f) pacific (stable)": 8}}


def test_one_budget_for_all_while_all_is_well() -> None:
    made = budgets(HOSTS, draining=None, mons=3)
    assert {name: each["spec"]["maxUnavailable"] for name, each in made.items()} == {
        "rook-ceph-osd": 1,
        "rook-ceph-mon-pdb": 1,
    }


def test_every_other_host_is_blocked_while_one_is_away() -> None:
    made = budgets({**HOSTS, "node-b": True}, draining="node-b", mons=1)
    assert {name: each["spec"]["maxUnavailable"] for name, each in made.items()} == {
        "rook-ceph-osd-host-node-a": 0,
        "rook-ceph-osd-host-node-c": 0,
    }


def test_a_daemon_that_keeps_dying_is_restarted_later_and_later() -> None:
    container = Container(uid="u")
    waits: list[float] = []
    for _ in range(8):
        container.begins(now=0.0)
        container.dies(now=1.0, exit_code=-9)
        waits.append(container.next_start - 1.0)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]
    container.begins(now=0.0)
    container.dies(now=700.0, exit_code=1)
    assert container.next_start == 700.0


def test_the_pod_tells_the_daemons_true_state() -> None:
    container = Container(uid="u")
    waiting = pod_status(POD, container, running=False, ready=False, address="127.83.1.1")
    assert (waiting["phase"], waiting["containerStatuses"][0]["state"]["waiting"]["reason"]) == (
        "Pending",
        "ContainerCreating",
    )
    container.begins(now=0.0)
    running = pod_status(POD, container, running=True, ready=True, address="127.83.1.1")
    assert running["containerStatuses"][0]["ready"]
    container.dies(now=1.0, exit_code=-9)
    crashed = pod_status(POD, container, running=False, ready=False, address="127.83.1.1")[
        "containerStatuses"
    ][0]
    assert crashed["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert crashed["lastState"]["terminated"]["exitCode"] == 137


STATUS = {
    "fsid": "f",
    "health": {
        "status": "HEALTH_WARN",
        "checks": {"OSD_DOWN": {"severity": "HEALTH_WARN", "summary": {"message": "1 osds down"}}},
    },
    "pgmap": {"bytes_total": 3, "bytes_used": 1, "bytes_avail": 2},
}


def test_the_cluster_tells_what_ceph_says() -> None:
    old = {"ceph": {"health": "HEALTH_OK", "lastChanged": "then", "previousHealth": ""}}
    made = cluster_status(
        STATUS, versions=VERSION, metadata={"memstore": 3}, old=old, image="i", generation=1
    )
    assert made["ceph"]["details"] == {"OSD_DOWN": {"message": "1 osds down", "severity": "HEALTH_WARN"}}
    assert (made["ceph"]["health"], made["ceph"]["previousHealth"]) == ("HEALTH_WARN", "HEALTH_OK")
    assert made["version"]["version"] == "16.2.15-0"


def test_a_status_is_written_when_it_says_something_new() -> None:
    def status(**changes: object) -> dict[str, object]:
        return cluster_status(
            {**STATUS, **changes}, versions=VERSION, metadata={}, old={}, image="i", generation=1
        )

    assert same_but_for_time(status(), status())
    assert not same_but_for_time(status(health={"status": "HEALTH_OK"}), status())
    assert not same_but_for_time(status(), {})


def test_no_version_while_nothing_runs() -> None:
    assert ceph_version({}) == ""


@pytest.mark.parametrize(
    ("states", "clean"),
    [
        (["active+clean"], True),
        (["active+clean", "active+clean+scrubbing+deep"], True),
        (["active+clean", "active+undersized+degraded"], False),
        (["active+clean+inconsistent"], False),
        ([], False),
    ],
)
def test_clean_pgs(states: list[str], clean: bool) -> None:
    assert pgs_clean({"pgmap": {"pgs_by_state": [{"state_name": each} for each in states]}}) is clean


@pytest.mark.parametrize(
    ("actual", "wanted", "covered"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": [{"x": 1, "y": 2}]}, {"a": [{"x": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({}, {"lastState": {}}, True),
        ({}, {"a": None}, True),
    ],
)
def test_what_the_server_adds_does_not_matter(actual: object, wanted: object, covered: bool) -> None:
    assert covers(actual, wanted) is covered


def test_a_node_that_is_back_tells_that_its_pods_run() -> None:
    then = "2026-01-02T03:04:05Z"
    lost = {"type": "Ready", "status": "False", "lastTransitionTime": then, "reason": "NodeNotReady"}
    kept = {"type": "PodScheduled", "status": "True", "lastTransitionTime": then}
    made = ready_again([lost, kept])
    assert (made[0]["type"], made[0]["status"]) == ("Ready", "True")
    assert made[0]["lastTransitionTime"] > then
    assert made[1] == kept
