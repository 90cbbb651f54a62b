"""Predicates over what Kubernetes holds for Rook: deployments, pods, nodes and disruption budgets.

Objects are compared by UID, so that one that was made anew under the same name is never mistaken
for the one that a plan was made for.
"""

from typing import TYPE_CHECKING, TypeVar

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound
from opskit.core.kinds import Kind, Object
from opskit.core.kinds_core import POD
from opskit.systems.rook.conditions_ceph import osd_info
from opskit.systems.rook.reading import namespace as rook_namespace
from opskit.systems.rook.workloads import DEPLOYMENT, NODE, POD_DISRUPTION_BUDGET, Deployment, Node

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

KUBERNETES_CONDITIONS = Conditions()

ObjectT = TypeVar("ObjectT", bound=Object)

OSD_BUDGET = "rook-ceph-osd"
"""Rook's default budget. While a failure domain is drained, `rook-ceph-osd-<domain>` ones replace it."""


def _find(
    cluster: "Cluster", kind: Kind[ObjectT], name: str, *, namespace: str | None, uid: str
) -> ObjectT | None:
    """The object, or None when it is gone or another one has its name."""
    try:
        found = cluster.get(kind, name, namespace=namespace)
    except NotFound:
        return None
    return found if uid in ("", found.metadata.uid) else None


def _deployment(cluster: "Cluster", name: str, namespace: str, uid: str) -> Deployment | None:
    return _find(cluster, DEPLOYMENT, name, namespace=namespace or rook_namespace(cluster), uid=uid)


@KUBERNETES_CONDITIONS.named("rook/deployment-stopped")
def deployment_stopped(cluster: "Cluster", *, name: str, uid: str = "", namespace: str = "") -> Held:
    """The deployment wants no pod and has none; so it is with one that was deleted."""
    found = _deployment(cluster, name, namespace, uid)
    if found is None:
        return Held(ok=True, state=f"deployment {name} is gone")
    wanted, there = found.spec.replicas, found.status.replicas
    state = f"deployment {name} wants {wanted} replicas and has {there}"
    return Held(ok=wanted == 0 and there == 0, state=state)


@KUBERNETES_CONDITIONS.named("rook/deployment-ready")
def deployment_ready(cluster: "Cluster", *, name: str, uid: str = "", namespace: str = "") -> Held:
    """The deployment has all the ready replicas that it wants, and wants at least one."""
    found = _deployment(cluster, name, namespace, uid)
    if found is None:
        return Held(ok=False, state=f"deployment {name} is gone")
    wanted, ready = found.spec.replicas, found.status.ready_replicas
    state = f"{ready} of {wanted} replicas of deployment {name} are ready"
    return Held(ok=wanted > 0 and ready >= wanted, state=state)


@KUBERNETES_CONDITIONS.named("rook/osd-runs-again")
def osd_runs_again(
    cluster: "Cluster", *, osd: int, uuid: str, name: str, replicas: int, deployment: str, namespace: str = ""
) -> Held:
    """The OSD's deployment wants its replicas again; for an OSD that was purged there is nothing to run."""
    found = _deployment(cluster, name, namespace, deployment)
    if found is None or osd_info(cluster, osd, uuid) is None:
        return Held(ok=True, state=f"osd.{osd} was purged: there is nothing to run")
    wanted = found.spec.replicas
    return Held(ok=wanted >= replicas, state=f"deployment {name} wants {wanted} replicas")


@KUBERNETES_CONDITIONS.named("rook/deployment-gone")
def deployment_gone(cluster: "Cluster", *, name: str, uid: str, namespace: str = "") -> Held:
    """The deployment is deleted. Another one may have its name by now."""
    found = _deployment(cluster, name, namespace, uid)
    state = f"deployment {name} of UID {uid} is {'gone' if found is None else 'still there'}"
    return Held(ok=found is None, state=state)


@KUBERNETES_CONDITIONS.named("rook/pod-gone")
def pod_gone(cluster: "Cluster", *, name: str, uid: str, namespace: str = "") -> Held:
    """The pod is gone from its node."""
    found = _find(cluster, POD, name, namespace=namespace or rook_namespace(cluster), uid=uid)
    state = "gone" if found is None else f"still there, {found.status.phase or 'of unknown phase'}"
    return Held(ok=found is None, state=f"pod {name} is {state}")


def _node(cluster: "Cluster", name: str) -> Node | None:
    return _find(cluster, NODE, name, namespace=None, uid="")


@KUBERNETES_CONDITIONS.named("rook/node-cordoned")
def node_cordoned(cluster: "Cluster", *, node: str) -> Held:
    """No new pods come to the node."""
    found = _node(cluster, node)
    if found is None:
        return Held(ok=False, state=f"there is no node {node}")
    closed = found.spec.unschedulable
    return Held(ok=closed, state=f"{node} is {'cordoned' if closed else 'open for new pods'}")


@KUBERNETES_CONDITIONS.named("rook/node-open")
def node_open(cluster: "Cluster", *, node: str) -> Held:
    """New pods may come to the node."""
    held = node_cordoned(cluster, node=node)
    return Held(ok=not held.ok and "no node" not in held.state, state=held.state)


@KUBERNETES_CONDITIONS.named("rook/node-ready")
def node_ready(cluster: "Cluster", *, node: str) -> Held:
    """The node's kubelet says that it is ready."""
    found = _node(cluster, node)
    conditions = (found.status.conditions or []) if found else []
    ready = next((each for each in conditions if each.type == "Ready"), None)
    state = f"{node} is {'Ready' if ready and ready.status == 'True' else 'not Ready'}"
    return Held(ok=bool(ready and ready.status == "True"), state=state)


@KUBERNETES_CONDITIONS.named("rook/osd-budget-is-default")
def osd_budget_is_default(cluster: "Cluster") -> Held:
    """Rook's default budget for OSDs is back, and none that blocks other failure domains is left.

    Follows https://rook.io/docs/rook/latest/Storage-Configuration/ceph-osd-mgmt/ on disruption budgets.
    """
    budgets = cluster.list(POD_DISRUPTION_BUDGET, namespace=rook_namespace(cluster))
    names = sorted(each.name for each in budgets if each.name.startswith(OSD_BUDGET))
    blocking = [name for name in names if name != OSD_BUDGET]
    if blocking:
        return Held(ok=False, state=f"Rook still guards a drain with {', '.join(blocking)}")
    there = OSD_BUDGET in names
    return Held(ok=there, state=f"the budget {OSD_BUDGET} is {'there' if there else 'missing'}")
