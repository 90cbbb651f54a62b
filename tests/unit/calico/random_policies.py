"""Random policies of every kind, with every feature. Seeded."""

from typing import Any

from tests.unit.calico.random_values import (
    NETS,
    NETS6,
    PORT_NAMES,
    PORTS,
    SPACES,
    V3,
    VALUES,
    Random,
    maybe,
    nets,
    obj,
    some,
)
from tests.unit.calico.slow_selectors import Manifest


def policies(r: Random, spaces: list[str]) -> list[Manifest]:
    found: list[Manifest] = []
    for at in range(r.randint(0, 3)):
        found.append(kubernetes_policy(r, f"np{at}", r.choice(spaces)))
    for at in range(r.choice((0, 0, 1, 2))):
        found.append(admin_policy(r, f"anp{at}", "AdminNetworkPolicy"))
    if maybe(r, 0.25):
        found.append(admin_policy(r, "default", "BaselineAdminNetworkPolicy"))
    for at in range(r.choice((0, 0, 1, 2))):
        found.append(admin_policy(r, f"cnp{at}", "ClusterNetworkPolicy"))
    tiers = ["default"]
    for at in range(r.choice((0, 1, 2))):
        order = r.choice((500, 2000, 2_000_000, 20_000_000, None))
        spec: Manifest = {} if order is None else {"order": order}
        if maybe(r, 0.5):
            spec["defaultAction"] = r.choice(("Pass", "Deny"))
        found.append(obj(V3, "Tier", f"tier{at}", spec=spec))
        tiers.append(f"tier{at}")
    for at in range(r.randint(0, 4)):
        found.append(calico_policy(r, f"cal{at}", r.choice(tiers), r.choice(spaces)))
    return found


def selector(r: Random, values: dict[str, tuple[str, ...]]) -> Manifest:
    found: Manifest = {}
    if maybe(r, 0.5):
        key = r.choice(list(values))
        found["matchLabels"] = {key: r.choice(values[key])}
    if maybe(r, 0.35):
        key, operator = r.choice(list(values)), r.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        each: Manifest = {"key": key, "operator": operator}
        if operator in ("In", "NotIn"):
            each["values"] = some(r, values[key], 2)
        found["matchExpressions"] = [each]
    return found


def space_selector(r: Random) -> Manifest:
    if maybe(r, 0.2):
        return {"matchLabels": {"kubernetes.io/metadata.name": r.choice(("a", "b"))}}
    return selector(r, SPACES)


def kubernetes_policy(r: Random, name: str, space: str) -> Manifest:
    spec: Manifest = {"podSelector": selector(r, VALUES)}
    if maybe(r, 0.7):
        spec["ingress"] = [kubernetes_rule(r, "from") for _ in range(r.randint(0, 2))]
    if maybe(r, 0.6):
        spec["egress"] = [kubernetes_rule(r, "to") for _ in range(r.randint(0, 2))]
    if maybe(r, 0.6):
        spec["policyTypes"] = some(r, ("Ingress", "Egress"), 2)
    return obj("networking.k8s.io/v1", "NetworkPolicy", name, space, spec=spec)


def kubernetes_rule(r: Random, side: str) -> Manifest:
    rule: Manifest = {}
    if maybe(r, 0.8):
        rule[side] = [kubernetes_peer(r) for _ in range(r.randint(1, 2))]
    if maybe(r, 0.6):
        rule["ports"] = [kubernetes_port(r) for _ in range(r.randint(1, 2))]
    return rule


def kubernetes_peer(r: Random) -> Manifest:
    if maybe(r, 0.3):
        if maybe(r, 0.2):
            return {"ipBlock": {"cidr": r.choice(NETS6)}}
        return {
            "ipBlock": {"cidr": "10.0.0.0/8", "except": some(r, NETS[:4], 2)}
            if maybe(r, 0.5)
            else {"cidr": r.choice(NETS)}
        }
    peer: Manifest = {}
    if maybe(r, 0.6):
        peer["namespaceSelector"] = space_selector(r)
    if maybe(r, 0.6) or not peer:
        peer["podSelector"] = selector(r, VALUES)
    return peer


def kubernetes_port(r: Random) -> Manifest:
    port: Manifest = {}
    if maybe(r, 0.6):
        port["protocol"] = r.choice(("TCP", "UDP", "SCTP"))
    way = r.choice(("number", "number", "range", "name", "all"))
    if way == "number":
        port["port"] = r.choice(PORTS)
    elif way == "range":
        port.update(port=r.choice((50, 80)), endPort=r.choice((81, 8999)))
    elif way == "name":
        port["port"] = r.choice(PORT_NAMES)
    return port


def admin_policy(r: Random, name: str, kind: str) -> Manifest:
    version = "v1alpha2" if kind == "ClusterNetworkPolicy" else "v1alpha1"
    baseline = kind.startswith("Baseline")
    spec: Manifest = {"subject": pods_or_spaces(r)}
    if not baseline:
        spec["priority"] = r.randint(0, 3)
    if version == "v1alpha2":
        spec["tier"] = r.choice(("Admin", "Baseline"))
    for direction in ("ingress", "egress"):
        if maybe(r, 0.6):
            spec[direction] = [admin_rule(r, direction, version, baseline) for _ in range(r.randint(1, 2))]
    return obj(f"policy.networking.k8s.io/{version}", kind, name, spec=spec)


def pods_or_spaces(r: Random) -> Manifest:
    if maybe(r, 0.5):
        return {"namespaces": space_selector(r)}
    return {"pods": {"namespaceSelector": space_selector(r), "podSelector": selector(r, VALUES)}}


def admin_rule(r: Random, direction: str, version: str, baseline: bool) -> Manifest:
    allow = "Accept" if version == "v1alpha2" else "Allow"
    rule: Manifest = {"action": r.choice((allow, "Deny") if baseline else (allow, "Deny", "Pass"))}
    egress = direction == "egress"
    named = maybe(r, 0.2)
    peers = [admin_peer(r, egress and not named) for _ in range(r.randint(1, 2))]
    rule["to" if egress else "from"] = peers
    if named:
        port: Manifest = {"namedPort": r.choice(PORT_NAMES)}
        rule["ports" if version == "v1alpha1" else "protocols"] = (
            [port] if version == "v1alpha1" else [{"destinationNamedPort": port["namedPort"]}]
        )
    elif maybe(r, 0.6):
        make = admin_port if version == "v1alpha1" else admin_protocol
        rule["ports" if version == "v1alpha1" else "protocols"] = [make(r) for _ in range(r.randint(1, 2))]
    return rule


def admin_peer(r: Random, anything: bool) -> Manifest:
    if maybe(r, 0.05):
        return {"futureField": {}}
    if anything and maybe(r, 0.4):
        if maybe(r, 0.5):
            return {"networks": nets(r)}
        return {"nodes": selector(r, {"zone": ("x", "y")})}
    return pods_or_spaces(r)


def admin_port(r: Random) -> Manifest:
    protocol = {"protocol": r.choice(("TCP", "UDP", "SCTP"))}
    if maybe(r, 0.5):
        return {"portNumber": {**protocol, "port": r.choice(PORTS)}}
    return {"portRange": {**protocol, "start": r.choice((50, 80)), "end": r.choice((81, 8999))}}


def admin_protocol(r: Random) -> Manifest:
    protocol = r.choice(("tcp", "udp", "sctp"))
    way = r.choice(("number", "range", "all"))
    if way == "all":
        return {protocol: {}}
    if way == "number":
        return {protocol: {"destinationPort": {"number": r.choice(PORTS)}}}
    return {
        protocol: {"destinationPort": {"range": {"start": r.choice((50, 80)), "end": r.choice((81, 8999))}}}
    }


# --- Calico ---


def calico_selector(r: Random, values: dict[str, tuple[str, ...]], depth: int = 2) -> str:
    """The whole language, with odd spacing and both quotes."""
    if depth and maybe(r, 0.35):
        left, right = (calico_selector(r, values, depth - 1) for _ in range(2))
        whole = f"{left} {r.choice(('&&', '||'))} {right}"
        return f"({whole})" if maybe(r, 0.5) else whole
    if maybe(r, 0.15):
        return "!" + r.choice(("", " ")) + f"({calico_selector(r, values, 0)})"
    key = r.choice(list(values))
    quoted = [r.choice(("'{}'", '"{}"')).format(value) for value in some(r, values[key], 2)]
    part = r.choice(("w", "web", "p", "e", "api", "1"))
    return r.choice(
        (
            f"{key} == {quoted[0]}", f"{key}!={quoted[0]}", f"{key} in {{ {', '.join(quoted)} }}",
            f"{key} not in {{{','.join(quoted)}}}", f"has({key})", f"!has( {key} )", "all()",
            f"{key} contains '{part}'", f"{key} starts with '{part}'", f"{key} ends  with \"{part}\"",
        )
    )  # fmt: skip


CALICO_LABELS = {
    **VALUES,
    "projectcalico.org/namespace": ("a", "b"),
    "projectcalico.org/orchestrator": ("k8s",),
    "kind": ("set",),
}


def calico_policy(r: Random, name: str, tier: str, space: str) -> Manifest:
    local = maybe(r, 0.5)
    spec: Manifest = {} if tier == "default" and maybe(r, 0.5) else {"tier": tier}
    if maybe(r, 0.7):
        spec["order"] = r.choice((10, 20.5, 1000, 1000))
    if maybe(r, 0.7):
        spec["selector"] = calico_selector(r, CALICO_LABELS)
    if maybe(r, 0.2):
        spec["serviceAccountSelector"] = calico_selector(r, {"role": ("r", "w")}, 1)
    if not local and maybe(r, 0.4):
        spec["namespaceSelector"] = calico_selector(r, SPACES, 1)
    for direction in ("ingress", "egress"):
        if maybe(r, 0.6):
            spec[direction] = [calico_rule(r, local, direction) for _ in range(r.randint(1, 3))]
    if maybe(r, 0.6):
        spec["types"] = some(r, ("Ingress", "Egress"), 2)
    if not local and maybe(r, 0.05):
        spec["applyOnForward"] = spec["doNotTrack"] = True
    return obj(
        V3, "NetworkPolicy" if local else "GlobalNetworkPolicy", name, space if local else "", spec=spec
    )


def calico_rule(r: Random, local: bool, direction: str) -> Manifest:
    rule: Manifest = {"action": r.choice(("Allow", "Allow", "Deny", "Pass", "Log"))}
    protocol = r.choice((None, None, "TCP", "UDP", "SCTP", 6, 17, "ICMP", "ICMPv6"))
    if protocol is not None:
        rule["protocol"] = protocol
    elif maybe(r, 0.15):
        rule["notProtocol"] = r.choice(("TCP", "UDP", 1))
    if protocol in ("ICMP", "ICMPv6") and maybe(r, 0.6):
        fields = {"type": r.choice((0, 8)), **({"code": 0} if maybe(r, 0.3) else {})}
        rule[r.choice(("icmp", "notICMP"))] = fields
    if maybe(r, 0.1):
        rule["ipVersion"] = r.choice((4, 6))
    ported = protocol in ("TCP", "UDP", "SCTP", 6, 17)
    for side in ("source", "destination"):
        if maybe(r, 0.6):
            rule[side] = entity(r, local, side, direction, ported)
    return rule


def entity(r: Random, local: bool, side: str, direction: str, ported: bool) -> Manifest:
    found: Manifest = {}
    peer = (side == "source") == (direction == "ingress")
    if peer and maybe(r, 0.12):
        found["services"] = {"name": r.choice(("svc0", "svc1")), "namespace": r.choice(("a", "b"))}
        if local and maybe(r, 0.5):
            del found["services"]["namespace"]
        return found
    if maybe(r, 0.5):
        found["selector"] = calico_selector(r, CALICO_LABELS)
    if maybe(r, 0.2):
        found["notSelector"] = calico_selector(r, CALICO_LABELS, 1)
    if maybe(r, 0.25):
        found["namespaceSelector"] = r.choice(
            (calico_selector(r, SPACES, 1), "global()", "all()", "!has(team)")
        )
    if maybe(r, 0.15):
        match: Manifest = {}
        if maybe(r, 0.6):
            match["names"] = some(r, ("default", "robot"), 2)
        if maybe(r, 0.6):
            match["selector"] = calico_selector(r, {"role": ("r", "w")}, 1)
        found["serviceAccounts"] = match
    if maybe(r, 0.25):
        found["nets"] = nets(r)
    if maybe(r, 0.15):
        found["notNets"] = nets(r)
    if ported and maybe(r, 0.6 if side == "destination" else 0.12):
        found["ports" if maybe(r, 0.75) else "notPorts"] = calico_ports(r)
    return found


def calico_ports(r: Random) -> list[Any]:
    return [
        r.choice((r.choice(PORTS), str(r.choice(PORTS)), "80:443", "1:52", r.choice(PORT_NAMES)))
        for _ in range(r.randint(1, 2))
    ]
