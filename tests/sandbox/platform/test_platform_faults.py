"""Each fault is named first, with its cause; without one nothing is found."""

import pytest
from platform_lab import Lab, findings

from opskit.sandbox.waiting import wait_until

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
