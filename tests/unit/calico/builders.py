"""Manifests in short."""

from typing import Any

from opskit.systems.calico.reach import Objects, Reach

Manifest = dict[str, Any]
V3 = "projectcalico.org/v3"


def made(version: str, kind: str, name: str, spec: Manifest | None = None, /, **labels: str) -> Manifest:
    """`name` may be `namespace/name`."""
    namespace, _, own = name.rpartition("/")
    metadata: Manifest = {
        "name": own,
        "labels": {key.replace("__", "/"): value for key, value in labels.items()},
    }
    if namespace:
        metadata["namespace"] = namespace
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata,
        **({"spec": spec} if spec is not None else {}),
    }


def namespace(name: str, **labels: str) -> Manifest:
    return made("v1", "Namespace", name, **labels)


def node(name: str, ip: str, **labels: str) -> Manifest:
    found = made("v1", "Node", name, **labels)
    found["status"] = {"addresses": [{"type": "InternalIP", "address": ip}]}
    return found


def pod(
    name: str,
    *ips: str,
    on: str = "n1",
    account: str = "default",
    host: bool = False,
    ports: Any = (),
    phase: str = "Running",
    **labels: str,
) -> Manifest:
    """`ports` are (name, protocol, number)."""
    named = [{"name": each[0], "protocol": each[1], "containerPort": each[2]} for each in ports]
    spec: Manifest = {
        "nodeName": on,
        "serviceAccountName": account,
        "containers": [{"name": "c", "ports": named}],
    }
    if host:
        spec["hostNetwork"] = True
    found = made("v1", "Pod", name, spec, **labels)
    found["status"] = {"phase": phase, "podIPs": [{"ip": ip} for ip in ips], "podIP": ips[0] if ips else ""}
    return found


def policy(name: str, **spec: Any) -> Manifest:
    """Kubernetes' NetworkPolicy."""
    return made("networking.k8s.io/v1", "NetworkPolicy", name, {"podSelector": {}, **spec})


def calico(name: str, **spec: Any) -> Manifest:
    """Calico's policy: of a namespace if the name has one, else global."""
    return made(V3, "NetworkPolicy" if "/" in name else "GlobalNetworkPolicy", name, spec)


def admin(
    name: str,
    *,
    ingress: Any = (),
    egress: Any = (),
    tier: str = "Admin",
    priority: int = 10,
    subject: Any = None,
) -> Manifest:
    """ClusterNetworkPolicy."""
    spec = {
        "tier": tier,
        "priority": priority,
        "subject": subject or {"namespaces": {}},
        "ingress": list(ingress),
        "egress": list(egress),
    }
    return made("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", name, spec)


def labelled(**labels: str) -> Manifest:
    return {"matchLabels": labels}


BASE = (
    namespace("a", team="red"),
    namespace("b", team="blue"),
    namespace("kube-system"),
    node("n1", "172.16.0.1", zone="x"),
    node("n2", "172.16.0.2", zone="y"),
    pod("a/web", "10.0.0.1", app="web", ports=[("http", "TCP", 8080)]),
    pod("a/api", "10.0.0.2", on="n2", app="api", account="robot"),
    pod("b/db", "10.0.1.1", on="n2", app="db", ports=[("sql", "TCP", 5432), ("gossip", "UDP", 5432)]),
    pod("kube-system/dns", "10.0.2.1", "2001:db8::1", **{"k8s-app": "kube-dns"}),
    pod("kube-system/proxy", "172.16.0.1", host=True, app="web"),
)
"""Web and api in a, db in b, DNS, and a host-networked pod on n1."""


def reach(*manifests: Manifest) -> Reach:
    """The base cluster with these objects."""
    return Reach.of(Objects.of_manifests((*BASE, *manifests)))


def open_to(
    found: Reach, source: str, destination: str, protocol: str = "TCP", port: int | None = 80, **more: Any
) -> bool:
    verdict = found.allowed(source, destination, protocol, port, **more)
    assert not verdict.unsupported, verdict.unsupported
    return verdict.allowed
