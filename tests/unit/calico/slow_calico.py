"""What Calico's policies say, for the second opinion."""

import re
from typing import Any

from tests.unit.calico.slow_cluster import Question, SlowCluster, inside, network, number
from tests.unit.calico.slow_selectors import Manifest, selects


class Unknown(Exception):
    """The question leaves a rule open."""


class SlowCalico(SlowCluster):
    """Reads NetworkPolicy and GlobalNetworkPolicy of projectcalico.org."""

    def calico_applies(self, m: Manifest, direction: str, name: str) -> bool:
        spec, labels, namespace = m["spec"], self.calico_labels[name], m["metadata"].get("namespace")
        types = spec.get("types")
        if not types:
            types = (["Ingress"] if spec.get("ingress") or not spec.get("egress") else []) + (
                ["Egress"] if spec.get("egress") else []
            )
        if direction.capitalize() not in types:
            return False
        if namespace and namespace != labels["projectcalico.org/namespace"]:
            return False
        return (
            selects(spec.get("selector", ""), labels, "", True)
            and selects(spec.get("namespaceSelector", ""), labels, "pcns.", True)
            and selects(spec.get("serviceAccountSelector", ""), labels, "pcsa.", True)
        )

    def calico_rule(self, m: Manifest, rule: Manifest, q: Question) -> bool:
        if rule.get("ipVersion", q.version) != q.version:
            return False
        if "protocol" in rule and number(rule["protocol"]) != q.protocol:
            return False
        if "notProtocol" in rule and number(rule["notProtocol"]) == q.protocol:
            return False
        namespace = m["metadata"].get("namespace", "")
        sides = {"source": q.source, "destination": q.destination}
        for side, name in sides.items():
            if not self.entity(rule.get(side, {}), namespace, side, name, q):
                return False
        destination = rule.get("destination", {})
        if "ports" in destination and not self.calico_ports(destination["ports"], q.destination, q.port, q):
            return False
        if self.calico_ports(destination.get("notPorts", []), q.destination, q.port, q):
            return False
        unknown = False
        source = rule.get("source", {})
        if source.get("ports") or source.get("notPorts"):
            if q.source_port is None:
                unknown = True
            else:
                wanted = self.calico_ports(source.get("ports", ["1:65535"]), q.source, q.source_port, q)
                unwanted = self.calico_ports(source.get("notPorts", []), q.source, q.source_port, q)
                if unwanted or not wanted:
                    return False
        for field, wanted in (("icmp", True), ("notICMP", False)):
            if field in rule:
                fits = icmp(rule[field], q)
                if fits is None:
                    unknown = True
                elif fits != wanted:
                    return False
        if unknown:
            raise Unknown
        return True

    def calico_ports(self, ports: list[Any], name: str, port: int | None, q: Question) -> bool:
        for each in ports:
            text = str(each)
            if re.fullmatch(r"\d+(:\d+)?", text):
                low, high = (int(part) for part in (text.split(":") * 2)[:2])
                if port is not None and low <= port <= high:
                    return True
            elif (text, q.protocol, port) in self.named_ports(name, q.version):
                return True
        return False

    def entity(self, entity: Manifest, namespace: str, side: str, name: str, q: Question) -> bool:
        address = self.address(name, q.version)
        if not nets_fit(entity, address):
            return False
        if "services" in entity and not self.serves(entity["services"], namespace, side, address, q):
            return False
        accounts = entity.get("serviceAccounts", {})
        selector, unwanted = entity.get("selector", ""), entity.get("notSelector", "")
        spaces = entity.get("namespaceSelector", "")
        if not (accounts.get("names") or accounts.get("selector") or selector or unwanted or spaces):
            return True
        candidates = self.label_sets_at(name, address)
        limited = bool(selector or spaces or namespace or accounts.get("names") or accounts.get("selector"))
        if not limited:
            return not any(selects(unwanted, labels, "", True) for labels in candidates)
        return any(self.is_meant(entity, namespace, labels) for labels in candidates)

    def is_meant(self, entity: Manifest, namespace: str, labels: dict[str, str]) -> bool:
        accounts = entity.get("serviceAccounts", {})
        there = "projectcalico.org/namespace" in labels
        if entity.get("namespaceSelector"):
            if not selects(entity["namespaceSelector"], labels, "pcns.", there):
                return False
        elif namespace and labels.get("projectcalico.org/namespace") != namespace:
            return False
        if accounts.get("names") and labels.get("projectcalico.org/serviceaccount") not in accounts["names"]:
            return False
        if accounts.get("selector") and not selects(accounts["selector"], labels, "pcsa.", True):
            return False
        if not selects(entity.get("selector", ""), labels, "", True):
            return False
        return not (entity.get("notSelector") and selects(entity["notSelector"], labels, "", True))

    def serves(self, service: Manifest, namespace: str, side: str, address: Any, q: Question) -> bool:
        wanted = (service.get("namespace") or namespace, service["name"])
        for each in self.of("discovery.k8s.io/v1", "EndpointSlice"):
            meta = each["metadata"]
            if (meta["namespace"], meta["labels"]["kubernetes.io/service-name"]) != wanted:
                continue
            if not any(str(address) in endpoint["addresses"] for endpoint in each["endpoints"]):
                continue
            if side == "source":
                return True
            if any(number(p["protocol"]) == q.protocol and p["port"] == q.port for p in each["ports"]):
                return True
        return False


def nets_fit(entity: Manifest, address: Any) -> bool:
    """A list of networks that are all of the other IP version makes the rule void."""
    for field in ("nets", "notNets"):
        if entity.get(field):
            if all(network(net).version != address.version for net in entity[field]):
                return False
            if inside(address, entity[field]) != (field == "nets"):
                return False
    return True


def icmp(fields: Manifest, q: Question) -> bool | None:
    if q.protocol not in (1, 58):
        return False
    open_ones = False
    for name, given in (("type", q.icmp_type), ("code", q.icmp_code)):
        if name in fields:
            if given is None:
                open_ones = True
            elif given != fields[name]:
                return False
    return None if open_ones else True
