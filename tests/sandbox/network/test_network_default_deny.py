"""`calico/default-deny` headless to its verdict, and taken back; the witness is kubectl."""

import json

import pytest

from opskit.core.errors import ToolFailed
from opskit.sandbox import Sandbox
from tests.sandbox.network.conftest import Opskit

FLOWS = [
    "app=web->app=api:TCP/8080",
    "clients/app=browser->app=web:TCP/8080",
    "app=api->app=db:TCP/5432",
    "app=api->payments/app=ledger:TCP/8443",
]


def policies(network: Sandbox) -> set[str]:
    held = json.loads(network.kubectl("-n", "shop", "get", "networkpolicies", "-o", "json"))
    return {each["metadata"]["name"] for each in held["items"]}


def test_a_namespace_is_closed_and_opened_again(network: Sandbox, opskit: Opskit) -> None:
    given = ("--cluster", opskit.cluster, "-p", "namespace=shop", "-p", f"allow={json.dumps(FLOWS)}")
    planned, done = opskit.folder / "planned", opskit.folder / "done"
    opskit("run", "calico/default-deny", *given, "--out", str(planned), codes=(4,))
    assert policies(network) == set()
    approval = str(opskit.folder / "approval.json")
    opskit("approve", str(planned / "plan.json"), "--confirm", "shop", "-o", approval)
    opskit("run", "calico/default-deny", *given, "--out", str(done), "--approval", approval)
    own = {f"opskit-allow-{name}" for name in ("all-pods", "web", "api", "db")}
    assert policies(network) == own | {"opskit-default-deny"}
    assert json.loads((done / "run.json").read_text())["status"] == "completed"
    opskit("undo", str(done))
    assert policies(network) == set()


def test_where_some_pods_are_isolated_already_the_others_are_bridged(
    network: Sandbox, opskit: Opskit
) -> None:
    network.kubectl("apply", "-f", "-", text=json.dumps(_OWN))
    try:
        given = ("--cluster", opskit.cluster, "-p", "namespace=shop", "-p", f"allow={json.dumps(FLOWS)}")
        planned, done = opskit.folder / "planned", opskit.folder / "done"
        opskit("run", "calico/default-deny", *given, "--out", str(planned), codes=(4,))
        plan = json.loads((planned / "plan.json").read_text())
        assert [each["id"] for each in plan["steps"]][:2] == [
            "apply-opskit-bridge",
            "apply-opskit-bridge-egress",
        ]
        approval = str(opskit.folder / "approval.json")
        opskit("approve", str(planned / "plan.json"), "--confirm", "shop", "-o", approval)
        opskit("run", "calico/default-deny", *given, "--out", str(done), "--approval", approval)
        assert json.loads((done / "run.json").read_text())["status"] == "completed"
        assert not [name for name in policies(network) if "bridge" in name]
        opskit("undo", str(done))
        assert policies(network) == {"own"}
    finally:
        network.kubectl("-n", "shop", "delete", "networkpolicy", "own", "--ignore-not-found")


def test_the_clusters_own_namespaces_are_refused(network: Sandbox, opskit: Opskit) -> None:
    given = ("--cluster", opskit.cluster, "-p", "namespace=kube-system")
    opskit("run", "calico/default-deny", *given, "--out", str(opskit.folder / "refused"), codes=(5,))


def test_strict_validation_refuses_the_courses_deny_all(network: Sandbox) -> None:
    with pytest.raises(ToolFailed, match=r'unknown field "spec\.matchLabels"'):
        network.kubectl("apply", "--dry-run=server", "-f", "-", text=json.dumps(_COURSE))


_COURSE = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny-all", "namespace": "shop"},
    "spec": {"podSelector": {}, "matchLabels": {"app": "db"}, "policyTypes": ["Ingress"]},
}

_OWN = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "own", "namespace": "shop"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]}],
    },
}
"""Only the database is isolated, and only for what it receives."""
