"""What the faults of a kubeadm cluster have in common."""

from collections.abc import Callable

from opskit.core.errors import OpsError, Refused
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.kubeadm.layout import Node, control_planes, node_named
from opskit.sandbox.waiting import wait_until

SEEN_WITHIN = 120.0
"""Seconds until a fault must show."""
HEALED_WITHIN = 300.0
"""Seconds until it must be gone again."""


def control_plane(sandbox: Broken, name: str) -> Node:
    """The control plane of that name.

    Raises:
        UnknownName: there is no such node.
        Refused: it is a worker.

    """
    node = node_named(sandbox.site, name)
    if not node.control_plane:
        known = ", ".join(each.name for each in control_planes(sandbox.site))
        raise Refused(f"{name} is a worker.", where=sandbox.name, hint=f"name a control plane: {known}.")
    return node


def wait_for(holds: Callable[[], bool], *, what: str, deadline: float = SEEN_WITHIN) -> None:
    """Wait, asking twice a second."""
    wait_until(holds, what=what, deadline=deadline, every=0.5)


def condition(node: Node, name: str = "Ready") -> str:
    """The status of a node's condition: `True`, `False` or `Unknown`."""
    conditions = api(node.site).get(f"/api/v1/nodes/{node.name}")["status"].get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == name), "Unknown")


def wait_ready(node: Node) -> None:
    """Wait until the API server says that a node is Ready."""
    wait_for(lambda: condition(node) == "True", what=f"{node.name} is Ready", deadline=HEALED_WITHIN)


def api_answers(sandbox: Broken) -> bool:
    """Whether an API server answers at the cluster's endpoint."""
    try:
        return api(sandbox.site).ready()
    except OpsError:
        return False


def deployment(sandbox: Broken, name: str) -> Json:
    """A deployment of kube-system."""
    return api(sandbox.site).get(f"/apis/apps/v1/namespaces/kube-system/deployments/{name}")
