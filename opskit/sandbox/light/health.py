"""Whether a `light` sandbox is as it was when it came up."""

from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.light.ceph import pgs_clean
from opskit.sandbox.nodes import is_ready
from opskit.sandbox.rook_standin.objects import NAMESPACE

_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"


def ailments(sandbox: Broken) -> list[str]:
    """What keeps it from being healthy, in words."""
    status = sandbox.ceph("status")
    found = [f"Ceph raises {code}" for code in status["health"]["checks"]]
    if not pgs_clean(status):
        found.append("not all PGs are active and clean")
    osdmap = status["osdmap"]
    if not osdmap["num_osds"] == osdmap["num_up_osds"] == osdmap["num_in_osds"]:
        found.append("not all OSDs are up and in")
    return [*found, *_objects(sandbox)]


def _objects(sandbox: Broken) -> list[str]:
    client = api(sandbox.site)
    nodes = client.items("/api/v1/nodes")
    deployments = client.items(_DEPLOYMENTS)
    pods = client.items(f"/api/v1/namespaces/{NAMESPACE}/pods")
    unready = [each for each in nodes if not is_ready(each) or each["spec"].get("taints")]
    unready += [each for each in deployments if not _is_full(each)]
    unready += [each for each in pods if not is_ready(each)]
    return [f"{each['metadata']['name']} is not ready" for each in unready]


def _is_full(deployment: Json) -> bool:
    return deployment["spec"]["replicas"] == 1 and bool(deployment["status"].get("readyReplicas"))
