"""What can be broken in OpenShift: its stand-ins say what the real operators would."""

from typing import Any

from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kube import Json
from opskit.sandbox.platform import openshift
from opskit.sandbox.platform.making import collection, condition, create, namespace, set_status
from opskit.sandbox.waiting import wait_until

_OPERATOR_PATH = collection(openshift.CONFIG, "clusteroperators")
_POOL_PATH = collection(openshift.MACHINES, "machineconfigpools")

_CANARY = "The canary route is not admitted (CanaryChecksRepetitiveFailures)"
_OAUTH = "OAuthServerRouteEndpointAccessibleController"
_FOLLOWERS = {
    "ingress": (
        "IngressDegraded",
        f'The "default" ingress controller reports Degraded=True: {_CANARY}',
    ),
    "authentication": (
        f"{_OAUTH}_SyncError",
        f'{_OAUTH}Degraded: Get "https://oauth-openshift.apps.example.com/healthz": EOF',
    ),
    "console": (
        "RouteHealth_FailedGet",
        "RouteHealthDegraded: failed to GET route (https://console-openshift-console.apps.example.com): EOF",
    ),
}
"""Operator → reason and message, as the real ones write them."""


def _ingress_degraded(sandbox: Broken) -> Json:
    for name, (reason, message) in _FOLLOWERS.items():
        client = api(sandbox.site, manager=f"{name}-operator")
        said = condition("Degraded", "True", reason, message)
        set_status(client, f"{_OPERATOR_PATH}/{name}", openshift.operator_status(Degraded=said))
    return {}


def _ingress_mended(sandbox: Broken) -> None:
    for name in _FOLLOWERS:
        client = api(sandbox.site, manager=f"{name}-operator")
        set_status(client, f"{_OPERATOR_PATH}/{name}", openshift.operator_status())


def _pool_paused(sandbox: Broken) -> Json:
    client = api(sandbox.site, manager="machine-config-controller")
    client.patch(
        f"{_POOL_PATH}/worker", {"spec": {"paused": True, "configuration": {"name": "rendered-worker-9a1b"}}}
    )
    behind = {
        "Updated": condition("Updated", "False", ""),
        "Updating": condition("Updating", "False", "", "All nodes are paused"),
    }
    status = {**openshift.pool_status("worker", 3, **behind), "updatedMachineCount": 0}
    set_status(client, f"{_POOL_PATH}/worker", status)
    return {}


def _pool_degraded(sandbox: Broken, node: str = "node-b") -> Json:
    client = api(sandbox.site, manager="machine-config-controller")
    state = f"unexpected on-disk state validating against {openshift.RENDERED}"
    why = f'Node {node} is reporting: "{state}: content mismatch for file "/etc/chrony.conf""'
    ill = {
        "Updated": condition("Updated", "False", ""),
        "Degraded": condition("Degraded", "True", ""),
        "NodeDegraded": condition(
            "NodeDegraded", "True", "1 nodes are reporting degraded status on sync", why
        ),
    }
    status = {**openshift.pool_status("worker", 3, **ill), "degradedMachineCount": 1, "readyMachineCount": 2}
    set_status(client, f"{_POOL_PATH}/worker", status)
    told = "required MachineConfigPool worker is not ready, degraded machines: 1"
    follows = condition("Degraded", "True", "RequiredPoolsFailed", f"Failed to resync 4.20.4: error {told}")
    machine = api(sandbox.site, manager="machine-config-operator")
    set_status(machine, f"{_OPERATOR_PATH}/machine-config", openshift.operator_status(Degraded=follows))
    return {}


def _pool_mended(sandbox: Broken, **_: Any) -> None:
    client = api(sandbox.site, manager="machine-config-controller")
    client.patch(
        f"{_POOL_PATH}/worker", {"spec": {"paused": False, "configuration": {"name": openshift.RENDERED}}}
    )
    set_status(client, f"{_POOL_PATH}/worker", openshift.pool_status("worker", 3))
    machine = api(sandbox.site, manager="machine-config-operator")
    set_status(machine, f"{_OPERATOR_PATH}/machine-config", openshift.operator_status())


def _host_collision(sandbox: Broken) -> Json:
    client = api(sandbox.site)
    namespace(client, "intruder")
    create(client, "routes", openshift.route("web", "intruder", "www.apps.example.com"))
    path = f"{collection(openshift.ROUTES, 'routes', 'intruder')}/web"
    wait_until(
        lambda: bool(client.get(path).get("status", {}).get("ingress")),
        what="the router has judged it",
        deadline=30,
    )
    return {}


def _host_free(sandbox: Broken) -> None:
    client = api(sandbox.site)
    client.delete(f"{collection(openshift.ROUTES, 'routes', 'intruder')}/web")
    client.delete("/api/v1/namespaces/intruder")


FAULTS = (
    Fault(
        name="ingress-degraded",
        summary="The ingress operator's canary fails; authentication and console fail with it.",
        seen="`kubectl get clusteroperators` shows three of them degraded.",
        inject=_ingress_degraded,
        heal=_ingress_mended,
    ),
    Fault(
        name="pool-paused",
        summary="A machine config pool is paused while a new configuration waits.",
        seen="`kubectl get machineconfigpool worker -o yaml` has spec.paused true.",
        inject=_pool_paused,
        heal=_pool_mended,
        victims=("the pool worker",),
    ),
    Fault(
        name="pool-degraded",
        summary="A node of a machine config pool can't be configured.",
        seen="`kubectl get machineconfigpool` shows DEGRADED True.",
        inject=_pool_degraded,
        heal=_pool_mended,
        victims=("the pool worker",),
    ),
    Fault(
        name="route-host-taken",
        summary="A project claims a host that an older route of another one has.",
        seen="`kubectl -n intruder get route web -o yaml` says HostAlreadyClaimed.",
        inject=_host_collision,
        heal=_host_free,
    ),
)
"""All of them."""
