"""Calico's objects as an installation writes them, and workloads with policies to look at."""

from collections.abc import Iterator

from opskit.sandbox.kube import Json
from opskit.sandbox.network import bird
from opskit.sandbox.network.options import DEFAULT_AS, NODES, POOL, NetworkOptions, address

SYSTEM = "calico-system"
STAND_IN = "sandbox.opskit.dev/stand-in"
_V3 = "projectcalico.org/v3"
_TIERS = {
    "kube-admin": (1_000, "Pass"),
    "default": (1_000_000, "Deny"),
    "kube-baseline": (10_000_000, "Pass"),
}
CLUSTER_ID = "244.0.0.1"


def _object(version: str, kind: str, name: str, *, namespace: str = "", spec: Json | None = None) -> Json:
    metadata: Json = {"name": name} | ({"namespace": namespace} if namespace else {})
    made: Json = {"apiVersion": version, "kind": kind, "metadata": metadata}
    return made if spec is None else {**made, "spec": spec}


def calico(kind: str, name: str, spec: Json, *, namespace: str = "") -> Json:
    """An object of `projectcalico.org/v3`."""
    return _object(_V3, kind, name, namespace=namespace, spec=spec)


def network(options: NetworkOptions) -> Iterator[tuple[str, Json]]:
    """Plural and object: pools, BGP, Felix, tiers, one status object a node."""
    settings = {"asNumber": DEFAULT_AS, "nodeToNodeMeshEnabled": not options.reflectors}
    yield "bgpconfigurations", calico("BGPConfiguration", "default", settings)
    pool = {"cidr": POOL, "blockSize": 26, "ipipMode": "Never", "vxlanMode": "Never", "natOutgoing": True}
    yield "ippools", calico("IPPool", "default-ipv4-ippool", {**pool, "nodeSelector": "all()"})
    yield "felixconfigurations", calico("FelixConfiguration", "default", {"logSeverityScreen": "Info"})
    for name, (order, action) in _TIERS.items():
        yield "tiers", calico("Tier", name, {"order": order, "defaultAction": action})
    for node in NODES:
        wanted = {"node": node, "classes": ["Agent", "BGP"], "updatePeriodSeconds": 10}
        yield "caliconodestatuses", calico("CalicoNodeStatus", node, wanted)
    if options.reflectors:
        peer = {"nodeSelector": "all()", "peerSelector": "route-reflector == 'true'"}
        yield "bgppeers", calico("BGPPeer", "to-reflectors", peer)


def policies() -> Iterator[tuple[str, Json]]:
    """Plural and object: a tier of the platform's own, above what the teams write."""
    yield "tiers", calico("Tier", "platform", {"order": 100, "defaultAction": "Pass"})
    rule = {"action": "Deny", "destination": {"nets": ["169.254.169.254/32"]}}
    yield (
        "globalnetworkpolicies",
        calico(
            "GlobalNetworkPolicy",
            "platform.no-metadata-server",
            {
                "tier": "platform",
                "order": 10,
                "selector": "all()",
                "types": ["Egress"],
                "egress": [rule, {"action": "Pass"}],
            },
        ),
    )


def node_patch(node: str, options: NetworkOptions, block: str) -> Json:
    """What calico-node notes on its Node."""
    reflects = NODES.index(node) < options.reflectors
    notes = {bird.ADDRESS: f"{address(node)}/24"} | ({bird.REFLECTOR: CLUSTER_ID} if reflects else {})
    labels = {"route-reflector": "true"} if reflects else {}
    return {
        "metadata": {"annotations": notes, "labels": labels},
        "spec": {"podCIDR": block, "podCIDRs": [block]},
    }


def node_pod(node: str) -> Json:
    """The pod of calico-node; its BIRD is real, Felix does not exist."""
    pod = _object("v1", "Pod", f"calico-node-{node}", namespace=SYSTEM)
    pod["metadata"] |= {"labels": {"k8s-app": "calico-node"}, "annotations": {STAND_IN: "true"}}
    container = {"name": "calico-node", "image": "sandbox/bird"}
    tolerations = [{"operator": "Exists"}]
    pod["spec"] = {
        "nodeName": node,
        "hostNetwork": True,
        "containers": [container],
        "tolerations": tolerations,
    }
    return pod


def namespaces(shop: str) -> list[Json]:
    """The namespaces of Calico and of the workloads."""
    return [_object("v1", "Namespace", name) for name in (SYSTEM, shop, "payments", "clients")]


Workload = tuple[str, str, int, dict[str, str], int]
"""Namespace, name, replicas, labels and port."""


def workloads(shop: str) -> tuple[Workload, ...]:
    """All workloads, those of the shop in this namespace."""
    return (
        ("kube-system", "coredns", 2, {"k8s-app": "kube-dns"}, 53),
        (shop, "web", 2, {"app": "web"}, 8080),
        (shop, "api", 2, {"app": "api"}, 8080),
        (shop, "db", 1, {"app": "db"}, 5432),
        ("payments", "ledger", 1, {"app": "ledger"}, 8443),
        ("clients", "browser", 1, {"app": "browser"}, 9000),
    )


def deployments(shop: str) -> Iterator[Json]:
    """The workloads; their pods have addresses and no network."""
    for namespace, name, replicas, labels, port in workloads(shop):
        container = {"name": name, "image": f"sandbox/{name}", "ports": [{"containerPort": port}]}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        yield _object("apps/v1", "Deployment", name, namespace=namespace, spec=spec)


def services(shop: str) -> Iterator[Json]:
    """A Service for each workload, and the cluster's DNS."""
    for namespace, name, _, labels, port in workloads(shop):
        if name == "coredns":
            ports = [_port("dns", "UDP", port), _port("dns-tcp", "TCP", port)]
            yield _object(
                "v1", "Service", "kube-dns", namespace=namespace, spec={"selector": labels, "ports": ports}
            )
        else:
            spec = {"selector": labels, "ports": [_port("main", "TCP", port)]}
            yield _object("v1", "Service", name, namespace=namespace, spec=spec)


def _port(name: str, protocol: str, port: int) -> Json:
    return {"name": name, "protocol": protocol, "port": port, "targetPort": port}


def network_policies(shop: str) -> Iterator[Json]:
    """Payments is closed by default already, as it should be."""

    def policy(name: str, spec: Json) -> Json:
        return _object("networking.k8s.io/v1", "NetworkPolicy", name, namespace="payments", spec=spec)

    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    callers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": shop}},
        "podSelector": {"matchLabels": {"app": "api"}},
    }
    yield policy("default-deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    yield policy(
        "allow-dns",
        {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [dns], "ports": ports}]},
    )
    rule = {"from": [callers], "ports": [{"protocol": "TCP", "port": 8443}]}
    yield policy(
        "allow-shop",
        {
            "podSelector": {"matchLabels": {"app": "ledger"}},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        },
    )
