"""A cluster of raw manifests, for the second opinion: who is who, and in which order policies go."""

import ipaddress
import math
from functools import cache
from typing import Any, NamedTuple

from tests.unit.calico.slow_selectors import Manifest

NUMBERS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}


class Question(NamedTuple):
    source: str
    destination: str
    protocol: int
    port: int | None
    version: int
    source_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


@cache
def network(text: str) -> Any:
    return ipaddress.ip_network(text, strict=False)


def inside(address: Any, nets: list[str]) -> bool:
    return any(network(net).version == address.version and address in network(net) for net in nets)


def number(protocol: Any) -> int:
    return NUMBERS[protocol] if protocol in NUMBERS else int(protocol)


class SlowCluster:
    """A cluster of raw manifests."""

    def __init__(self, manifests: list[Manifest]) -> None:
        self.by_kind: dict[tuple[str, str], list[Manifest]] = {}
        for m in manifests:
            self.by_kind.setdefault((m["apiVersion"], m["kind"]), []).append(m)
        self.remembered: dict[Any, Any] = {}
        self.spaces = {m["metadata"]["name"]: m for m in self.of("v1", "Namespace")}
        self.accounts = {
            (m["metadata"]["namespace"], m["metadata"]["name"]): m for m in self.of("v1", "ServiceAccount")
        }
        self.nodes = {m["metadata"]["name"]: m for m in self.of("v1", "Node")}
        self.pods = {
            f"{m['metadata']['namespace']}/{m['metadata']['name']}": m
            for m in self.of("v1", "Pod")
            if m["status"].get("phase") not in ("Succeeded", "Failed")
        }
        self.calico_labels = {name: self.labels_of(pod) for name, pod in self.pods.items()}
        self.tiers = self.sorted_tiers()

    def of(self, version: str, kind: str) -> list[Manifest]:
        return self.by_kind.get((version, kind), [])

    def once(self, key: Any, answer: Any) -> Any:
        """Remember what can't change between questions."""
        if key not in self.remembered:
            self.remembered[key] = answer()
        return self.remembered[key]

    # who is who

    def namespace_labels(self, name: str) -> dict[str, str]:
        own = self.spaces[name]["metadata"].get("labels", {})
        return {"kubernetes.io/metadata.name": name, **own}

    def inherited(self, namespace: str) -> dict[str, str]:
        labels = {**self.namespace_labels(namespace), "projectcalico.org/name": namespace}
        return {"pcns." + key: value for key, value in labels.items()}

    def labels_of(self, pod: Manifest) -> dict[str, str]:
        namespace, account = pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")
        of_account = self.accounts.get((namespace, account), {"metadata": {}})["metadata"].get("labels", {})
        return {
            **self.inherited(namespace),
            **{
                "pcsa." + key: value
                for key, value in {**of_account, "projectcalico.org/name": account}.items()
            },
            **pod["metadata"].get("labels", {}),
            "projectcalico.org/namespace": namespace,
            "projectcalico.org/orchestrator": "k8s",
            "projectcalico.org/serviceaccount": account,
        }

    def is_workload(self, name: str) -> bool:
        return name in self.pods and not self.pods[name]["spec"].get("hostNetwork")

    def node_of(self, name: str) -> str:
        if name.startswith("node:"):
            return name.removeprefix("node:")
        return self.pods[name]["spec"].get("nodeName", "") if name in self.pods else ""

    def addresses(self, name: str) -> list[Any]:
        node = self.node_of(name)
        if not self.is_workload(name) and node:
            given = [
                a["address"] for a in self.nodes[node]["status"]["addresses"] if a["type"] == "InternalIP"
            ]
        elif name in self.pods:
            given = [each["ip"] for each in self.pods[name]["status"].get("podIPs", [])]
        else:
            given = [name]
        return [ipaddress.ip_address(each) for each in given]

    def address(self, name: str, version: int) -> Any:
        found = self.once(("addresses", name), lambda: self.addresses(name))
        return next((each for each in found if each.version == version), None)

    def label_sets_at(self, name: str, address: Any) -> list[dict[str, str]]:
        return self.once(("labels", name, address), lambda: self.find_label_sets(name, address))

    def find_label_sets(self, name: str, address: Any) -> list[dict[str, str]]:
        """The labels of every endpoint and network set that has the address."""
        found = [self.calico_labels[name]] if self.is_workload(name) else []
        for each in self.of("projectcalico.org/v3", "GlobalNetworkSet"):
            if inside(address, each["spec"].get("nets", [])):
                found.append(each["metadata"].get("labels", {}))
        for each in self.of("projectcalico.org/v3", "NetworkSet"):
            if inside(address, each["spec"].get("nets", [])):
                namespace = each["metadata"]["namespace"]
                own = each["metadata"].get("labels", {})
                found.append({**self.inherited(namespace), **own, "projectcalico.org/namespace": namespace})
        for each in self.of("projectcalico.org/v3", "HostEndpoint"):
            if str(address) in each["spec"].get("expectedIPs", []):
                found.append(each["metadata"].get("labels", {}))
        return found

    def named_ports(self, name: str, version: int) -> list[tuple[str, int, int]]:
        return self.once(("ports", name, version), lambda: self.find_named_ports(name, version))

    def find_named_ports(self, name: str, version: int) -> list[tuple[str, int, int]]:
        """Name, protocol and number of every port that the endpoint names."""
        if self.is_workload(name):
            spec = self.pods[name]["spec"]
            containers = [*spec.get("containers", []), *spec.get("initContainers", [])]
            ports = [port for container in containers for port in container.get("ports", [])]
            return [
                (p["name"], number(p.get("protocol", "TCP")), p["containerPort"])
                for p in ports
                if "name" in p
            ]
        address = [str(each) for each in self.addresses(name) if each.version == version]
        return [
            (p["name"], number(p["protocol"]), p["port"])
            for each in self.of("projectcalico.org/v3", "HostEndpoint")
            if set(address) & set(each["spec"].get("expectedIPs", []))
            for p in each["spec"].get("ports", [])
        ]

    # order

    def sorted_tiers(self) -> list[tuple[str, str, list[tuple[str, Manifest]]]]:
        """Name, default action, and the policies in order, each with the way to read it."""
        tiers = {"kube-admin": (1e3, "Pass"), "default": (1e6, "Deny"), "kube-baseline": (1e7, "Pass")}
        for each in self.of("projectcalico.org/v3", "Tier"):
            spec = each["spec"]
            tiers[each["metadata"]["name"]] = (spec.get("order", math.inf), spec.get("defaultAction", "Deny"))
        policies: dict[str, list[tuple[tuple[float, str], str, Manifest]]] = {name: [] for name in tiers}
        for m in self.of("networking.k8s.io/v1", "NetworkPolicy"):
            policies["default"].append(((1000.0, tie(m, "KubernetesNetworkPolicy")), "kubernetes", m))
        for kind in ("NetworkPolicy", "GlobalNetworkPolicy"):
            for m in self.of("projectcalico.org/v3", kind):
                if not (m["spec"].get("doNotTrack") or m["spec"].get("preDNAT")):
                    place = (m["spec"].get("order", math.inf), tie(m, kind))
                    policies[m["spec"].get("tier", "default")].append((place, "calico", m))
        for version, kind in (
            ("v1alpha1", "AdminNetworkPolicy"),
            ("v1alpha1", "BaselineAdminNetworkPolicy"),
            ("v1alpha2", "ClusterNetworkPolicy"),
        ):
            for m in self.of("policy.networking.k8s.io/" + version, kind):
                baseline = kind.startswith("Baseline") or m["spec"].get("tier") == "Baseline"
                place = (float(m["spec"].get("priority", 0)), tie(m, "Kubernetes" + kind))
                policies["kube-baseline" if baseline else "kube-admin"].append((place, "admin", m))
        in_order = sorted(tiers, key=lambda name: (tiers[name][0], name))
        return [
            (name, tiers[name][1], [(way, m) for _, way, m in sorted(policies[name], key=lambda p: p[0])])
            for name in in_order
        ]


def tie(m: Manifest, kind: str) -> str:
    return f"{m['metadata']['name']}/{m['metadata'].get('namespace', '')}/{kind}"
