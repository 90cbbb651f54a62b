"""From a name to a cluster."""

from opskit.core.cluster import Cluster
from opskit.core.errors import UnknownName, WrongCluster
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import contexts, credentials, default_kubeconfig


def open_cluster(name: str, *, expect_uid: str | None = None) -> Cluster:
    """Open a cluster by name; see `Cluster.open`."""
    known = contexts()
    if name not in known:
        raise UnknownName.among("cluster", name, known, where=default_kubeconfig())
    cluster = Cluster(LiveReader(ApiServer(credentials(name)), name=name))
    found = cluster.info
    if expect_uid is not None and found.uid != expect_uid:
        cluster.close()
        raise WrongCluster(
            f"{name!r} leads to the cluster with UID {found.uid}, not to {expect_uid}.",
            where=found.server,
            hint="check the context of your kubeconfig; a plan is only good for the cluster it was made for",
        )
    return cluster
