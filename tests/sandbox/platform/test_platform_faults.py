"""Each fault is named first, with its cause; without one nothing is found."""

import json
import uuid

import pytest
from platform_lab import Lab, findings

from opskit.sandbox.waiting import wait_until
from opskit.systems.operators import owners

FAULTS = {
    "etcd-member-killed": ("operators/QUORUM_MEMBER_DOWN", "orders-1"),
    "operator-stopped": ("operators/OPERATOR_NOT_RUNNING", "scaled to 0"),
    "conversion-webhook-dead": ("operators/CRD_CONVERSION_WEBHOOK_DEAD", "its server is down"),
    "csv-failed": ("operators/OLM_CSV_FAILED", "minimum availability"),
    "install-plan-waiting": ("operators/OLM_INSTALL_PLAN_WAITING", "Manual"),
    "catalog-down": ("operators/OLM_CATALOG_NOT_READY", "registry pod"),
    "ingress-degraded": ("openshift/CLUSTER_OPERATOR_DEGRADED", "canary route"),
    "pool-paused": ("openshift/POOL_PAUSED", "no renewed CA"),
    "pool-degraded": ("openshift/POOL_DEGRADED", "/etc/chrony.conf"),
    "route-host-taken": ("openshift/ROUTE_NOT_ADMITTED", "storefront/web"),
}
"""Fault → the code that must stand first, and what its summary or cause must say."""


def test_a_healthy_platform_has_no_finding(lab: Lab) -> None:
    lab.sandbox.wait_healthy()
    assert [(each.code, each.subject) for each in findings(lab.sandbox)] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_first_and_alone(lab: Lab, fault: str) -> None:
    code, said = FAULTS[fault]
    lab.sandbox.inject(fault)
    found = findings(lab.sandbox)
    assert [each.code for each in found] == [code]
    assert said in found[0].summary + found[0].cause
    lab.sandbox.heal()
    # Operators tell of what is mended when they look next.
    wait_until(lambda: not findings(lab.sandbox), what="nothing is wrong any more", deadline=60, every=2)


def test_a_stuck_finalizer_is_told_with_who_should_remove_it(lab: Lab) -> None:
    lab.sandbox.inject("finalizer-stuck")
    wait_until(lambda: bool(findings(lab.sandbox)), what="the deletion is overdue", deadline=120, every=5)
    found = findings(lab.sandbox)
    assert [each.code for each in found] == ["operators/DELETION_STUCK"]
    assert "reporting.example.com/cleanup" in found[0].summary
    assert "reporting-operator" in found[0].cause


def test_a_namespace_that_does_not_go_is_told_with_what_is_left_in_it(lab: Lab) -> None:
    lab.sandbox.kubectl("create", "namespace", "going")
    made = {
        "apiVersion": "sandbox.opskit.dev/v1",
        "kind": "Gadget",
        "metadata": {"name": "last", "namespace": "going", "finalizers": ["reporting.example.com/cleanup"]},
        "spec": {"power": 1},
    }
    file = lab.folder / "gadget.json"
    file.write_text(json.dumps(made))
    lab.sandbox.kubectl("create", "-f", str(file))
    lab.sandbox.kubectl("delete", "namespace", "going", "--wait=false")
    try:
        wait_until(
            lambda: "operators/DELETION_HELD" in [each.code for each in findings(lab.sandbox)],
            what="the namespace is overdue",
            deadline=180,
            every=5,
        )
        (held,) = (each for each in findings(lab.sandbox) if each.code == "operators/DELETION_HELD")
        assert held.subject == "Namespace going"
        assert "reporting.example.com/cleanup" in held.cause
    finally:
        free = json.dumps({"metadata": {"finalizers": None}})
        lab.sandbox.kubectl("-n", "going", "patch", "gadget", "last", "--type=merge", "-p", free)
    wait_until(lambda: not findings(lab.sandbox), what="nothing is held any more", deadline=120, every=2)


def test_owners_are_walked_to_the_root_and_one_that_is_gone_is_told(lab: Lab) -> None:
    gone = {"apiVersion": "gone.example.com/v1", "kind": "Gone", "name": "x", "uid": str(uuid.uuid4())}
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "orphan", "namespace": "shop", "ownerReferences": [gone]},
    }
    file = lab.folder / "orphan.json"
    file.write_text(json.dumps(made))
    lab.sandbox.kubectl("create", "-f", str(file))
    pods = json.loads(lab.sandbox.kubectl("get", "pods", "-A", "-o", "json"))["items"]
    owned = next(each["metadata"] for each in pods if each["metadata"].get("ownerReferences"))
    with lab.open() as cluster:
        walked = owners.walk(cluster, "pods", owned["name"], namespace=owned["namespace"])
        orphan = owners.walk(cluster, "configmaps", "orphan", namespace="shop")
    lab.sandbox.kubectl("-n", "shop", "delete", "configmap", "orphan", "--ignore-not-found")
    assert [each.state for each in walked] == ["there"] * len(walked)
    assert walked[1].kind == owned["ownerReferences"][0]["kind"]
    assert [each.state for each in orphan] == ["there", "not served"]
