"""The NetworkPolicies of a default deny: the allows, the deny, and the bridge between before and after.

An allow isolates, too: the first policy that selects a pod denies it all that no policy allows. So for the
pods that are not isolated yet, a policy that allows everything comes first and goes last: until then nothing
is denied, and when it goes, everything changes at one moment.
https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opskit.core.answers import converted
from opskit.core.plan import Target
from opskit.systems.calico.flows import Flow, Side
from opskit.systems.calico.kubernetes_policies import NetworkPolicy
from opskit.systems.calico.reach import Reach
from opskit.systems.calico.reach.dns import servers
from opskit.systems.calico.reach.traffic import protocol_name

Json = dict[str, Any]

BRIDGE, DENY = "opskit-bridge", "opskit-default-deny"
MANAGED = {"app.kubernetes.io/managed-by": "opskit"}
_TYPES = {"ingress": "Ingress", "egress": "Egress"}


def manifest(namespace: str, name: str, spec: Json) -> Json:
    """A NetworkPolicy of ours."""
    metadata = {"name": name, "namespace": namespace, "labels": MANAGED}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def target(namespace: str, name: str, uid: str = "") -> Target:
    """The policy as what a step acts on."""
    return Target(
        kind="NetworkPolicy",
        name=name,
        namespace=namespace,
        group="networking.k8s.io",
        version="v1",
        plural="networkpolicies",
        uid=uid,
    )


def decoded(given: Json) -> NetworkPolicy:
    """As the engine reads it."""
    return converted(given, NetworkPolicy)


def bridge(namespace: str, directions: Iterable[str], *, name: str = BRIDGE, selector: Json) -> Json:
    """Allows everything to and from these pods of the namespace; an empty selector is every pod."""
    ways = list(directions)
    rules: Json = {way: [{}] for way in ways}
    spec = {"podSelector": selector, "policyTypes": [_TYPES[way] for way in ways], **rules}
    return manifest(namespace, name, spec)


def deny(namespace: str, directions: Sequence[str]) -> Json:
    """Isolates every pod and allows nothing."""
    return manifest(namespace, DENY, {"podSelector": {}, "policyTypes": [_TYPES[way] for way in directions]})


def allows(
    namespace: str, flows: Iterable[Flow], directions: Sequence[str], dns: Sequence[Json]
) -> list[Json]:
    """One policy for each sort of pods that flows name; DNS is one more rule of all pods."""
    held: dict[tuple[tuple[str, str], ...], dict[str, list[Json]]] = {}
    if "egress" in directions:
        held.setdefault((), {}).setdefault("egress", []).extend(dns)
    for flow in flows:
        if "ingress" in directions and flow.destination.namespace == namespace:
            _add(held, flow.destination, "ingress", {"from": [flow.source.peer(namespace)], **_ports(flow)})
        if "egress" in directions and flow.source.namespace == namespace:
            _add(held, flow.source, "egress", {"to": [flow.destination.peer(namespace)], **_ports(flow)})
    return [_allow(namespace, labels, rules) for labels, rules in held.items() if rules]


def _add(held: dict[Any, dict[str, list[Json]]], side: Side, way: str, rule: Json) -> None:
    rules = held.setdefault(side.labels, {}).setdefault(way, [])
    if rule not in rules:
        rules.append(rule)


def _ports(flow: Flow) -> Json:
    return {"ports": [{"protocol": flow.protocol, "port": flow.port}]}


def _allow(namespace: str, labels: tuple[tuple[str, str], ...], rules: Mapping[str, list[Json]]) -> Json:
    selector: Json = {"matchLabels": dict(labels)} if labels else {}
    types = [_TYPES[way] for way in ("ingress", "egress") if way in rules]
    name = "opskit-allow-" + ("all-pods" if not labels else _slug("-".join(value for _, value in labels)))
    return manifest(namespace, name, {"podSelector": selector, "policyTypes": types, **rules})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "pods"


def dns_rules(reach: Reach) -> list[Json]:
    """Egress rules to the pods that serve names, at the ports where they really listen."""
    known = servers(reach)
    pods = {f"{pod.namespace}/{pod.name}": pod for pod in reach.objects.pods}
    found: list[Json] = []
    for name, places in sorted(known.items()):
        pod = pods.get(name)
        if pod is None:
            continue
        labels = {key: pod.labels[key] for key in _DNS_LABELS if key in pod.labels}
        space = {"matchLabels": {"kubernetes.io/metadata.name": pod.namespace}}
        peer = {"namespaceSelector": space, "podSelector": {"matchLabels": labels}}
        ports = [
            {"protocol": protocol_name(used), "port": port} for used, port in sorted(places, reverse=True)
        ]
        rule = {"to": [peer], "ports": ports}
        if rule not in found:
            found.append(rule)
    return found


_DNS_LABELS = ("k8s-app", "dns.operator.openshift.io/daemonset-dns", "app.kubernetes.io/name")
"""Labels that the DNS pods of Kubernetes and OpenShift carry."""
