"""A second opinion: the specifications read out loud, one pair and one policy at a time.

Written from the Kubernetes, network-policy-api and Calico documents alone. It works on raw manifests and
shares no code with the engine, selector language included; speed is no aim.
"""

from typing import Any, NamedTuple

from tests.unit.calico.slow_calico import SlowCalico, Unknown
from tests.unit.calico.slow_cluster import Question, inside, number
from tests.unit.calico.slow_selectors import Manifest, label_selector


class Side(NamedTuple):
    """allowed, and what decided: ("rule", kind, namespace, name, index), ("tier", name) or ()."""

    allowed: bool
    by: tuple[Any, ...]
    open_questions: bool


class Slow(SlowCalico):
    """Judges one pair after the other."""

    # the verdict

    def judge(self, question: Question) -> tuple[bool, Side, Side] | None:
        """Allowed, egress, ingress; None when there is no way of this IP version."""
        source, destination = question.source, question.destination
        for side in (source, destination):
            if self.address(side, question.version) is None:
                return None
        free = Side(True, (), False)
        if source == destination:
            return True, free, free
        egress = self.side("egress", question) if self.is_workload(source) else free
        ingress = self.side("ingress", question) if self.is_workload(destination) else free
        if (
            not self.is_workload(source)
            and self.node_of(source)
            and self.node_of(source) == self.node_of(destination)
        ):
            ingress = free
        return egress.allowed and ingress.allowed, egress, ingress

    def side(self, direction: str, question: Question) -> Side:
        own = question.source if direction == "egress" else question.destination
        unsure = False
        for tier, default, policies in self.tiers:
            key = (direction, tier, own)
            applying = self.once(key, lambda: self.applying(policies, direction, own))  # noqa: B023
            passed = False
            for way, m in applying:
                for index, rule in enumerate(m["spec"].get(direction) or []):
                    if rule.get("action") == "Log":
                        continue
                    try:
                        matched = self.rule(way, m, rule, direction, question)
                    except Unknown:
                        unsure = True
                        continue
                    if not matched:
                        continue
                    action = matched if isinstance(matched, str) else rule.get("action", "Allow")
                    meta = m["metadata"]
                    by = ("rule", m["kind"], meta.get("namespace", ""), meta["name"], index)
                    if action in ("Allow", "Accept"):
                        return Side(True, by, unsure)
                    if action == "Deny":
                        return Side(False, by, unsure)
                    passed = True
                    break
                if passed:
                    break
            if applying and not passed and default == "Deny":
                return Side(False, ("tier", tier), unsure)
        return Side(True, (), unsure)

    def applying(
        self, policies: list[tuple[str, Manifest]], direction: str, name: str
    ) -> list[tuple[str, Manifest]]:
        return [(way, m) for way, m in policies if self.applies(way, m, direction, name)]

    def applies(self, way: str, m: Manifest, direction: str, name: str) -> bool:
        spec, pod = m["spec"], self.pods[name]
        labels = pod["metadata"].get("labels", {})
        if way == "kubernetes":
            types = spec.get("policyTypes") or ["Ingress"] + (["Egress"] if spec.get("egress") else [])
            same = m["metadata"]["namespace"] == pod["metadata"]["namespace"]
            return (
                direction.capitalize() in types
                and same
                and label_selector(spec.get("podSelector", {}), labels)
            )
        if way == "admin":
            return bool(spec.get(direction)) and self.pods_of(spec["subject"], name)
        return self.calico_applies(m, direction, name)

    # rules

    def rule(self, way: str, m: Manifest, rule: Manifest, direction: str, q: Question) -> bool | str:
        if way == "calico":
            return self.calico_rule(m, rule, q)
        peers = rule.get("to" if direction == "egress" else "from")
        other = q.destination if direction == "egress" else q.source
        if way == "kubernetes":
            ports = rule.get("ports")
            return (not ports or any(self.kubernetes_port(p, q) for p in ports)) and (
                not peers
                or any(self.kubernetes_peer(p, m["metadata"]["namespace"], other, q.version) for p in peers)
            )
        if any(not (peer.keys() & {"namespaces", "pods", "nodes", "networks"}) for peer in peers):
            return False if rule["action"] in ("Allow", "Accept") else "Deny"
        ports = [*rule.get("ports", []), *rule.get("protocols", [])]
        fits = not ports or any(self.admin_port(p, q) for p in ports)
        return fits and any(self.admin_peer(p, other, q.version) for p in peers)

    def kubernetes_port(self, port: Manifest, q: Question) -> bool:
        protocol, wanted = number(port.get("protocol", "TCP")), port.get("port")
        if q.protocol != protocol:
            return False
        if wanted is None:
            return True
        if isinstance(wanted, str):
            return (wanted, protocol, q.port) in self.named_ports(q.destination, q.version)
        return q.port is not None and wanted <= q.port <= port.get("endPort", wanted)

    def kubernetes_peer(self, peer: Manifest, namespace: str, other: str, version: int) -> bool:
        if "ipBlock" in peer:
            address = self.address(other, version)
            return inside(address, [peer["ipBlock"]["cidr"]]) and not inside(
                address, peer["ipBlock"].get("except", [])
            )
        if not self.is_workload(other):
            return False
        theirs = self.pods[other]["metadata"]
        if "namespaceSelector" in peer:
            where = label_selector(peer["namespaceSelector"], self.namespace_labels(theirs["namespace"]))
        else:
            where = theirs["namespace"] == namespace
        return where and label_selector(peer.get("podSelector", {}), theirs.get("labels", {}))

    def pods_of(self, selector: Manifest, name: str) -> bool:
        if not self.is_workload(name):
            return False
        theirs = self.pods[name]["metadata"]
        space, labels = self.namespace_labels(theirs["namespace"]), theirs.get("labels", {})
        if "namespaces" in selector:
            return label_selector(selector["namespaces"], space)
        pods = selector["pods"]
        return label_selector(pods.get("namespaceSelector", {}), space) and label_selector(
            pods.get("podSelector", {}), labels
        )

    def admin_peer(self, peer: Manifest, other: str, version: int) -> bool:
        if "networks" in peer:
            return inside(self.address(other, version), peer["networks"])
        if "nodes" in peer:
            node = self.node_of(other)
            is_node = bool(node) and not self.is_workload(other)
            return is_node and label_selector(peer["nodes"], self.nodes[node]["metadata"].get("labels", {}))
        return self.pods_of(peer, other)

    def admin_port(self, port: Manifest, q: Question) -> bool:
        name = port.get("namedPort") or port.get("destinationNamedPort")
        if name:
            return (name, q.protocol, q.port) in self.named_ports(q.destination, q.version)
        if "portNumber" in port or "portRange" in port:
            given = port.get("portNumber") or port["portRange"]
            low = given.get("port", given.get("start"))
            high = given.get("port", given.get("end"))
            fits = number(given.get("protocol", "TCP")) == q.protocol
            return fits and q.port is not None and low <= q.port <= high
        ((protocol, match),) = port.items()
        if number(protocol.upper()) != q.protocol:
            return False
        wanted = match.get("destinationPort")
        if wanted is None:
            return True
        low, high = (
            (wanted["number"],) * 2
            if "number" in wanted
            else (wanted["range"]["start"], wanted["range"]["end"])
        )
        return q.port is not None and low <= q.port <= high
