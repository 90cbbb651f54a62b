"""Small random clusters with every feature of every kind of policy, and questions about them. Seeded."""

from tests.unit.calico.random_policies import policies
from tests.unit.calico.random_values import (
    OUTSIDE,
    PORT_NAMES,
    PORTS,
    SPACES,
    V3,
    VALUES,
    Random,
    labels,
    maybe,
    nets,
    obj,
    some,
)
from tests.unit.calico.slow_cluster import Question
from tests.unit.calico.slow_selectors import Manifest

# --- inventory ---


def cluster(r: Random) -> list[Manifest]:
    """A cluster that the API server would accept."""
    spaces = ["a", "b", "c"][: r.randint(1, 3)]
    found = [obj("v1", "Namespace", name, labels=labels(r, SPACES)) for name in spaces]
    for at, name in enumerate(("n1", "n2")):
        addresses = [
            {"type": "Hostname", "address": name},
            {"type": "InternalIP", "address": f"172.16.0.{at + 1}"},
        ]
        if maybe(r, 0.5):
            addresses.append({"type": "InternalIP", "address": f"fd00::{at + 10}"})
        own = {"zone": r.choice(("x", "y"))}
        found.append(obj("v1", "Node", name, labels=own, status={"addresses": addresses}))
    for space in spaces:
        for account in ("default", "robot"):
            if maybe(r, 0.7):
                found.append(
                    obj("v1", "ServiceAccount", account, space, labels=labels(r, {"role": ("r", "w")}))
                )
    pods = [pod(r, at, r.choice(spaces)) for at in range(r.randint(3, 8))]
    found += pods
    for at in range(r.randint(0, 2)):
        found.append(endpoint_slice(r, f"svc{at}", r.choice(spaces), pods))
    for at in range(r.randint(0, 2)):
        found.append(obj(V3, "GlobalNetworkSet", f"gset{at}", labels=set_labels(r), spec={"nets": nets(r)}))
        found.append(
            obj(V3, "NetworkSet", f"set{at}", r.choice(spaces), labels=set_labels(r), spec={"nets": nets(r)})
        )
    if maybe(r, 0.3):
        found.append(host_endpoint(r))
    return found + policies(r, spaces)


def set_labels(r: Random) -> dict[str, str]:
    return labels(r, {"app": ("web", "ext"), "kind": ("set",)})


def pod(r: Random, at: int, space: str) -> Manifest:
    host, node = maybe(r, 0.15), r.choice(("n1", "n2"))
    ports = [
        {"name": name, "containerPort": r.choice(PORTS), "protocol": r.choice(("TCP", "UDP", "SCTP"))}
        for name in r.sample(PORT_NAMES, r.randint(0, 2))
    ]
    for port in ports:
        if port["protocol"] == "TCP" and maybe(r, 0.5):
            del port["protocol"]
    spec: Manifest = {"nodeName": node, "containers": [{"name": "c", "ports": ports}]}
    if maybe(r, 0.5):
        spec["serviceAccountName"] = "robot"
    if host:
        return obj(
            "v1", "Pod", f"p{at}", space, labels=labels(r, VALUES), spec={**spec, "hostNetwork": True},
            status={"phase": "Running", "podIP": f"172.16.0.{1 + (node == 'n2')}"},
        )  # fmt: skip
    ips = [{"ip": f"10.0.{r.randint(0, 1)}.{at + 1}"}]
    if maybe(r, 0.4):
        ips.append({"ip": f"2001:db8:{r.randint(0, 1)}::{at + 1:x}"})
    if maybe(r, 0.1):
        ips = ips[1:] or ips
    status = {"phase": r.choice(("Running",) * 9 + ("Succeeded",)), "podIP": ips[0]["ip"], "podIPs": ips}
    return obj("v1", "Pod", f"p{at}", space, labels=labels(r, VALUES), spec=spec, status=status)


def endpoint_slice(r: Random, name: str, space: str, pods: list[Manifest]) -> Manifest:
    served = [
        p["status"]["podIP"] for p in r.sample(pods, r.randint(0, 2)) if p["status"]["phase"] == "Running"
    ]
    if maybe(r, 0.3):
        served.append("203.0.113.5")
    ports = [
        {"name": str(port), "protocol": r.choice(("TCP", "UDP")), "port": port} for port in some(r, PORTS, 2)
    ]
    own = {"kubernetes.io/service-name": name}
    endpoints = [{"addresses": [address]} for address in served]
    return obj(
        "discovery.k8s.io/v1", "EndpointSlice", name + "-x", space, labels=own, addressType="IPv4",
        endpoints=endpoints, ports=ports,
    )  # fmt: skip


def host_endpoint(r: Random) -> Manifest:
    ports = [{"name": "metrics", "protocol": "TCP", "port": 9000}] if maybe(r, 0.5) else []
    spec = {"node": "n1", "interfaceName": "*", "expectedIPs": ["172.16.0.1"], "ports": ports}
    return obj(
        V3, "HostEndpoint", "n1-auto", labels=labels(r, {"app": ("web",), "host": ("yes",)}), spec=spec
    )


# --- questions ---


def names(manifests: list[Manifest]) -> list[str]:
    """Everyone who can be asked about."""
    pods = [m for m in manifests if m["kind"] == "Pod" and m["status"]["phase"] == "Running"]
    return [
        *(f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in pods),
        *(f"node:{m['metadata']['name']}" for m in manifests if m["kind"] == "Node"),
        *OUTSIDE,
    ]


def question(r: Random, everyone: list[str]) -> Question:
    """A pair, more often of pods than not, and some traffic."""
    inside = [name for name in everyone if "/" in name] or everyone
    source, destination = (r.choice(inside if maybe(r, 0.75) else everyone) for _ in range(2))
    protocol = r.choice((6, 6, 6, 17, 17, 132, 1, 58, 47))
    port = r.choice((*PORTS, 1, 52, 442, 8999, 65535)) if protocol in (6, 17, 132) else None
    icmp = protocol in (1, 58) and maybe(r, 0.7)
    return Question(
        source,
        destination,
        protocol,
        port,
        6 if maybe(r, 0.25) else 4,
        r.choice(PORTS) if port and maybe(r, 0.5) else None,
        r.choice((0, 8)) if icmp else None,
        r.choice((0, 1)) if icmp and maybe(r, 0.5) else None,
    )
