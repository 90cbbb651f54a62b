"""A node of a real kubeadm cluster is drained and returned by click; the witness is kubectl."""

import json

import pytest

from opskit.sandbox.sandbox import Sandbox
from tests.browser.changing import change
from tests.browser.jupyter import Watched

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

PROFILE, WORKER = "kubeadm", "w1"
"""The sandbox that is changed, and its node."""


def movable(sandbox: Sandbox) -> list[str]:
    """Pods on the node that a drain takes away."""
    where = f"--field-selector=spec.nodeName={WORKER},status.phase=Running"
    pods = json.loads(sandbox.kubectl("get", "pods", "-A", where, "-o", "json"))["items"]
    return [
        each["metadata"]["name"]
        for each in pods
        if each["metadata"].get("ownerReferences", [{}])[0].get("kind") == "ReplicaSet"
    ]


def test_a_node_is_drained_and_returned_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    held = json.loads(sandbox.kubectl("get", "node", WORKER, "-o", "json"))["status"]["images"]
    image = next(name for each in held for name in each["names"] if "/pause:" in name)
    sandbox.kubectl("create", "deployment", "idle", f"--image={image}", "--replicas=4")
    sandbox.kubectl("wait", "--for=condition=Available", "deployment/idle", "--timeout=60s", deadline=70.0)
    assert movable(sandbox)
    change(live_page, "kubeadm/drain-node", cluster=sandbox.context, node=WORKER)
    assert movable(sandbox) == []
    unschedulable = ("get", "node", WORKER, "-o", "jsonpath={.spec.unschedulable}")
    assert sandbox.kubectl(*unschedulable) == "true"
    change(live_page, "kubeadm/return-node", cluster=sandbox.context, node=WORKER)
    assert sandbox.kubectl(*unschedulable) == ""
