"""What a plan asks beyond the facts. Each answer may be an `Unread`."""

from typing import TYPE_CHECKING, Any

from opskit.core.parts import attempt
from opskit.systems.kubeadm import kinds

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


def workloads(cluster: "Cluster", **_: Any) -> dict[str, Any]:
    """`pods`: every pod; `volumes`: every persistent volume."""
    return {
        "pods": attempt("pods", lambda: cluster.list(kinds.POD)),
        "volumes": attempt("persistent volumes", lambda: cluster.list(kinds.PERSISTENT_VOLUME)),
    }
