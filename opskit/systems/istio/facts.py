"""What is true of the mesh now: Istio's resources, istiod's view of its proxies, and Envoys' own."""

from datetime import datetime
from functools import cached_property
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound
from opskit.core.findings import Data
from opskit.core.kinds_core import CONFIG_MAP, DEPLOYMENT, NAMESPACE, POD, Deployment, Namespace, Pod
from opskit.core.parts import Unread, known, listed, settle
from opskit.systems.istio import kinds, metrics, reading
from opskit.systems.istio.answers import Sync
from opskit.systems.istio.proxies import Proxy, has_proxy

PROXIES = 24
"""Envoys that are asked one by one; in a larger mesh gateways, stale ones, and one of each workload first."""


class Facts(Data, frozen=True, dict=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    namespace: str
    now: datetime
    virtual_services: list[kinds.VirtualService] | Unread
    destination_rules: list[kinds.DestinationRule] | Unread
    gateways: list[kinds.Gateway] | Unread
    service_entries: list[kinds.ServiceEntry] | Unread
    peer_authentications: list[kinds.PeerAuthentication] | Unread
    envoy_filters: list[kinds.EnvoyFilter] | Unread
    services: list[kinds.MeshService] | Unread
    pods: list[Pod] | Unread
    namespaces: list[Namespace] | Unread
    istiod: list[Deployment] | Unread
    """Its deployments, one a revision."""
    mesh: str | Unread
    """The mesh's own configuration, YAML."""
    sync: list[Sync] | Unread
    """What istiod has sent to each proxy and what was acknowledged, read twice: only what lasts is stale."""
    edges: list[metrics.Edge] | Unread
    """Requests, errors and latency now."""
    refusals: dict[str, float] | Unread
    """`NAMESPACE/POD` → connections a second that fit no filter chain of its Envoy."""
    proxies: list[Proxy]
    """Those Envoys that were asked, at most `PROXIES`."""

    @cached_property
    def meshed(self) -> list[Pod]:
        """Pods with an Envoy of Istio's that should run now."""
        return [
            pod
            for pod in known(self.pods, [])
            if has_proxy(pod) and pod.metadata.deletion_timestamp is None and pod.status.phase == "Running"
        ]

    @cached_property
    def pods_in(self) -> dict[str, list[Pod]]:
        """Namespace → its pods."""
        found: dict[str, list[Pod]] = {}
        for pod in known(self.pods, []):
            found.setdefault(pod.namespace or "", []).append(pod)
        return found

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Every host that the registry knows, wildcards included."""
        entries = (host for each in known(self.service_entries, []) for host in each.spec.hosts)
        return frozenset([*(each.host for each in known(self.services, [])), *entries])

    @cached_property
    def service_of(self) -> dict[str, kinds.MeshService]:
        """Host → Kubernetes service."""
        return {each.host: each for each in known(self.services, [])}

    def behind(self, service: kinds.MeshService, labels: dict[str, str] | None = None) -> list[Pod]:
        """Ready pods of a service that carry these labels, too."""
        wanted = {**(service.spec.selector or {}), **(labels or {})}
        if not service.spec.selector:
            return []
        there = self.pods_in.get(service.namespace or "", [])
        return [pod for pod in there if wanted.items() <= pod.labels.items() and pod.ready]

    @property
    def unread(self) -> list[Unread]:
        """The parts that could not be read."""
        return [part for name in self.__struct_fields__ if isinstance(part := getattr(self, name), Unread)]


def full(host: str, namespace: str) -> str:
    """A host as the registry knows it: a short name is of the rule's own namespace."""
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.svc.cluster.local"


def read(cluster: Cluster) -> Facts:
    """Read the mesh: lists, istiod's view twice, Prometheus, and at most `PROXIES` Envoys.

    `istio.namespace` of the settings says where istiod is.
    """
    first = settle(_first(cluster))
    sync = first["sync"]
    chosen = chosen_proxies(known(first["pods"], []), known(sync, []))
    jobs: dict[str, Any] = {f"{pod.namespace}/{pod.name}": _asking(cluster, pod) for pod in chosen}
    found = [each for each in settle(jobs).values() if isinstance(each, Proxy)] if jobs else []
    if not isinstance(sync, Unread) and any(each.stale for each in sync):
        again = settle({"sync": lambda: reading.synced(cluster)})["sync"]
        first["sync"] = lasting(sync, again) if not isinstance(again, Unread) else sync
    return Facts(namespace=reading.namespace(cluster), now=cluster.now(), proxies=found, **first)


def _asking(cluster: Cluster, pod: Pod) -> Any:
    return lambda: reading.proxy(cluster, pod.name, pod.namespace or "")


def _first(cluster: Cluster) -> dict[str, Any]:
    where = reading.namespace(cluster)
    return {
        "virtual_services": lambda: cluster.list(kinds.VIRTUAL_SERVICE),
        "destination_rules": lambda: cluster.list(kinds.DESTINATION_RULE),
        "gateways": lambda: listed(cluster, kinds.GATEWAY),
        "service_entries": lambda: listed(cluster, kinds.SERVICE_ENTRY),
        "peer_authentications": lambda: listed(cluster, kinds.PEER_AUTHENTICATION),
        "envoy_filters": lambda: listed(cluster, kinds.ENVOY_FILTER),
        "services": lambda: cluster.list(kinds.SERVICE),
        "pods": lambda: cluster.list(POD),
        "namespaces": lambda: cluster.list(NAMESPACE),
        "istiod": lambda: cluster.list(DEPLOYMENT, namespace=where, selector="app=istiod"),
        "mesh": lambda: _mesh(cluster, where),
        "sync": lambda: reading.synced(cluster),
        "edges": lambda: metrics.edges(cluster),
        "refusals": lambda: metrics.refusals(cluster),
    }


def _mesh(cluster: Cluster, where: str) -> str:
    try:
        return (cluster.get(CONFIG_MAP, "istio", namespace=where).data or {}).get("mesh", "")
    except NotFound:
        return ""


def lasting(before: list[Sync], after: list[Sync]) -> list[Sync]:
    """The later reading, in which a proxy is stale only if it was so, for the same version, before.

    A push is acknowledged within milliseconds, so that a single reading meets some on their way.
    """
    told = {each.proxy: each for each in before}
    return [_settled(told.get(each.proxy), each) for each in after]


def _settled(before: Sync | None, after: Sync) -> Sync:
    from msgspec.structs import replace

    passing = {
        f"{kind}_acked": getattr(after, f"{kind}_sent")
        for kind in after.stale
        if before is None
        or kind not in before.stale
        or getattr(before, f"{kind}_acked") != getattr(after, f"{kind}_acked")
    }
    return replace(after, **passing) if passing else after


def chosen_proxies(pods: list[Pod], sync: list[Sync], *, most: int = PROXIES) -> list[Pod]:
    """Whom to ask: gateways and stale ones first, then one pod of each workload, then the rest."""
    stale = {each.proxy for each in sync if each.stale}
    meshed = [pod for pod in pods if has_proxy(pod) and pod.ready]
    seen: set[str] = set()
    ranked: list[tuple[int, int, Pod]] = []
    for number, pod in enumerate(meshed):
        workload = f"{pod.namespace}/{pod.labels.get('app', '')}/{pod.labels.get('version', '')}"
        first = f"{pod.name}.{pod.namespace}" in stale or "istio" in pod.labels
        ranked.append((0 if first else 1 if workload not in seen else 2, number, pod))
        seen.add(workload)
    return [pod for _, _, pod in sorted(ranked, key=lambda each: each[:2])[:most]]
