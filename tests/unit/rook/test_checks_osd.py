"""OSDs that are down: recorded from real Ceph, with the Kubernetes side that explains them."""

import pytest

from opskit.core.findings import Severity
from opskit.core.kinds_workloads import Pod
from opskit.systems.rook.checks import check
from opskit.systems.rook.workloads import Deployment, Node

from .conftest import codes, of


def deployment(osd: int, *, replicas: int = 1, ready: int = 1) -> Deployment:
    labels = {"app": "rook-ceph-osd", "ceph-osd-id": str(osd)}
    return of(
        Deployment,
        metadata={"name": f"rook-ceph-osd-{osd}", "labels": labels},
        spec={"replicas": replicas},
        status={"readyReplicas": ready},
    )


def pod(osd: int, node: str, **status: object) -> Pod:
    labels = {"app": "rook-ceph-osd", "ceph-osd-id": str(osd)}
    metadata = {"name": f"rook-ceph-osd-{osd}-abc", "namespace": "rook-ceph", "labels": labels}
    return of(Pod, metadata=metadata, spec={"nodeName": node}, status=status)


def node(name: str, ready: str) -> Node:
    conditions = [
        {"type": "Ready", "status": ready, "reason": "NodeStatusUnknown", "message": "no heartbeat"}
    ]
    return of(Node, metadata={"name": name}, status={"conditions": conditions})


CRASHING = {
    "phase": "Running",
    "containerStatuses": [
        {
            "name": "osd",
            "restartCount": 7,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"reason": "Error", "exitCode": 134}},
        }
    ],
}
UNSCHEDULABLE = {
    "phase": "Pending",
    "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}],
}
READY = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [{"name": "osd", "ready": True, "state": {"running": {}}}],
}
ALL = [deployment(osd) for osd in range(6) if osd != 3]


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ({"deployments": [*ALL, deployment(3, replicas=0, ready=0)]}, "rook-ceph-osd-3 is scaled to 0"),
        ({"deployments": ALL}, "rook-ceph-osd-3 does not exist"),
        (
            {"deployments": [*ALL, deployment(3)], "pods": [pod(3, "node-1", **CRASHING)]},
            "CrashLoopBackOff after 7 restarts, it ended with Error (exit code 134, aborted",
        ),
        (
            {"deployments": [*ALL, deployment(3)], "pods": [pod(3, "", **UNSCHEDULABLE)]},
            "can't be scheduled: 0/3 nodes are available",
        ),
        (
            {"deployments": [*ALL, deployment(3)], "pods": [pod(3, "node-1", **READY)]},
            "is Ready, yet the monitors hold osd.3 for down",
        ),
        (
            {
                "deployments": [*ALL, deployment(3)],
                "pods": [pod(3, "node-1", **READY)],
                "nodes": [node("node-1", "Unknown")],
            },
            "Node node-1 is not Ready",
        ),
    ],
)
def test_the_cause_is_what_kubernetes_shows(recorded, parts, cause):
    first = check(recorded("osd-down-flags", **parts))[0]
    assert first.code == "rook/OSD_DOWN"
    assert cause in first.cause


def test_an_osd_down_comes_first_and_names_its_runbook(recorded):
    findings = check(recorded("osd-down-flags"))
    first = findings[0]
    assert (first.code, first.subject) == ("rook/OSD_DOWN", "osd.3 on node-1")
    assert first.remedy is not None
    assert (first.remedy.runbook, first.remedy.parameters) == ("rook/osd-down", {"osd": 3})
    assert any(each.command == "ceph osd tree down" for each in first.evidence)


def test_what_follows_from_it_says_so_and_stands_below(recorded):
    findings = check(recorded("osd-down-flags"))
    degraded = next(each for each in findings if each.code == "rook/PG_DEGRADED")
    assert degraded.cause == "Follows from OSD_DOWN (osd.3 on node-1)."
    assert findings.index(degraded) > 0


def test_a_host_wholly_down_is_one_finding(recorded):
    findings = check(recorded("host-down"))
    assert findings[0].code == "rook/OSD_HOST_DOWN"
    assert findings[0].subject == "host node-2"
    assert "OSD_DOWN" not in codes(findings)
    assert findings[0].remedy is not None
    assert findings[0].remedy.parameters == {"host": "node-2"}


def test_a_host_of_one_osd_is_told_as_the_osd_unless_the_node_is_at_fault(recorded):
    facts = recorded("osd-down-flags")
    for entry in facts.osds.values():
        assert entry.host
    alone = {id_: osd for id_, osd in facts.osds.items() if id_ != 2}
    facts.__dict__["osds"] = alone
    assert codes(check(facts))[0] == "OSD_DOWN"


def test_a_healthy_cluster_gives_nothing_at_warning_or_above(recorded):
    assert [each for each in check(recorded("healthy")) if each.severity >= Severity.WARNING] == []
