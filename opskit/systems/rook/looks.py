"""What a plan asks about its own parameters, beyond the facts. Each answer may be an `Unread`."""

from typing import TYPE_CHECKING, Any

from opskit.core.conditions import Held
from opskit.core.kinds_core import POD
from opskit.core.parts import Unread, attempt
from opskit.systems.rook.answers import Tree
from opskit.systems.rook.conditions_ceph import osds_ok_to_stop
from opskit.systems.rook.conditions_pg import damage, query
from opskit.systems.rook.reading import ceph

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


def may_stop(cluster: "Cluster", *, osd: int, **_: Any) -> dict[str, Held | Unread]:
    """`stop`: whether this OSD may stop now."""
    return {"stop": attempt("ceph osd ok-to-stop", lambda: osds_ok_to_stop(cluster, osds=[osd]))}


def host(cluster: "Cluster", *, host: str, **_: Any) -> dict[str, Any]:
    """`stop`: whether all OSDs of the host may stop at once; `pods`: every pod of the cluster."""
    return {
        "stop": attempt("ceph osd ok-to-stop", lambda: _host_may_stop(cluster, host)),
        "pods": attempt("pods", lambda: cluster.list(POD)),
    }


def _host_may_stop(cluster: "Cluster", host: str) -> Held:
    tree = ceph(cluster, "osd", "tree", model=Tree)
    bucket = next((node for node in tree.nodes if node.type == "host" and node.name == host), None)
    osds = sorted(id_ for id_ in bucket.children if id_ >= 0) if bucket else []
    if not osds:
        return Held(ok=False, state=f"there is no host {host} with OSDs in the CRUSH map")
    return osds_ok_to_stop(cluster, osds=osds)


def pg(cluster: "Cluster", *, pg: str, **_: Any) -> dict[str, Any]:
    """`asked`: what the PG's primary says; `record`: what its last deep scrub found."""
    return {
        "asked": attempt(f"ceph pg {pg} query", lambda: query(cluster, pg)),
        "record": attempt(f"rados list-inconsistent-obj {pg}", lambda: damage(cluster, pg)),
    }
