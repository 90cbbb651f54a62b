"""PodDisruptionBudgets as Rook manages them: https://rook.io/docs/rook/v1.20/ (managed disruption budgets).

While all is well one budget lets any single OSD go. Once a host's OSDs are down or drained, that budget makes
room for one that blocks every other host, and `noout` is set on the host while its node is cordoned. It is
taken back when the OSDs are up and the PGs clean.
"""

from opskit.core.errors import NotFound
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.light.ceph import pgs_clean
from opskit.sandbox.rados import Rados
from opskit.sandbox.rook_standin.objects import NAMESPACE

_BUDGETS = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
_DEFAULT = "rook-ceph-osd"
_MONS = "rook-ceph-mon-pdb"


def budget(name: str, *, match: dict[str, str], allowed: int) -> Json:
    """A budget that lets so many of the matching pods be away."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"maxUnavailable": allowed, "selector": {"matchLabels": match}},
    }


def budgets(hosts: dict[str, bool], *, draining: str | None, mons: int) -> dict[str, Json]:
    """The budgets that there should be. Pure.

    Args:
        hosts: each host of OSDs, and whether one of its OSDs is away.
        draining: the host that the budgets make room for, None while all is well.
        mons: how many monitors there are.

    """
    wanted: dict[str, Json] = {}
    if mons > 2:
        wanted[_MONS] = budget(_MONS, match={"app": "rook-ceph-mon"}, allowed=1)
    if draining is None:
        wanted[_DEFAULT] = budget(_DEFAULT, match={"app": "rook-ceph-osd"}, allowed=1)
        return wanted
    for host in sorted(set(hosts) - {draining}):
        name = f"rook-ceph-osd-host-{host}"
        match = {"app": "rook-ceph-osd", "topology-location-host": host}
        wanted[name] = budget(name, match=match, allowed=0)
    return wanted


class Disruption:
    """Keeps the budgets.

    Args:
        api: the API server.
        rados: the Ceph cluster.

    """

    def __init__(self, api: KubeApi, rados: Rados) -> None:
        self._api = api
        self._rados = rados
        self._draining: str | None = None
        self._noout: set[str] = set()

    def reconcile(self, status: Json, deployments: dict[str, Json]) -> None:
        """One pass.

        Args:
            status: of `ceph status`.
            deployments: all Deployments by name.

        """
        hosts = _hosts(deployments)
        self._choose(hosts, clean=pgs_clean(status))
        wanted = budgets(hosts, draining=self._draining, mons=_count(deployments, "rook-ceph-mon"))
        current = {each["metadata"]["name"] for each in self._api.items(_BUDGETS)}
        for name in sorted(set(wanted) - current):
            self._api.create(_BUDGETS, wanted[name])
        for name in sorted(each for each in current - set(wanted) if each.startswith((_DEFAULT, _MONS))):
            self._api.delete(f"{_BUDGETS}/{name}")
        self._keep_noout()

    def _choose(self, hosts: dict[str, bool], *, clean: bool) -> None:
        away = sorted(host for host, is_away in hosts.items() if is_away)
        if self._draining in away or (self._draining is not None and not away and not clean):
            return
        self._draining = away[0] if away else None

    def _keep_noout(self) -> None:
        """`noout` on the host whose node is cordoned, for as long as it is away."""
        wanted = {self._draining} if self._draining and self._cordoned(self._draining) else set[str]()
        for host in wanted - self._noout:
            self._rados.mon("osd set-group", flags="noout", who=[host])
        for host in self._noout - wanted:
            self._rados.mon("osd unset-group", flags="noout", who=[host])
        self._noout = wanted

    def _cordoned(self, host: str) -> bool:
        try:
            return bool(self._api.get(f"/api/v1/nodes/{host}")["spec"].get("unschedulable"))
        except NotFound:
            return False


def _hosts(deployments: dict[str, Json]) -> dict[str, bool]:
    hosts: dict[str, bool] = {}
    for deployment in deployments.values():
        labels = deployment["metadata"].get("labels") or {}
        if labels.get("app") == "rook-ceph-osd":
            away = not (deployment.get("status") or {}).get("readyReplicas")
            host = labels["topology-location-host"]
            hosts[host] = hosts.get(host, False) or away
    return hosts


def _count(deployments: dict[str, Json], app: str) -> int:
    return sum((each["metadata"].get("labels") or {}).get("app") == app for each in deployments.values())
