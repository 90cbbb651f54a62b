"""Who takes part: pods, nodes, and what else selectors see (network sets, host endpoints)."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import msgspec

from opskit.core.errors import BadValue
from opskit.systems.calico.reach import labels
from opskit.systems.calico.reach.addresses import Net, parse_address, parse_net
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.traffic import protocol_number
from opskit.systems.calico.workloads import Node, Pod

NamedPort = tuple[str, int, int, int]
"""Name, protocol, port, and IP version; 0 stands for both."""
_TUNNELS = (
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
)


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """A pod, or a node with all that uses its network."""

    name: str
    """`namespace/pod` or `node:name`."""
    sort: str
    """`pod` or `host`; a host-networked pod is a `host`."""
    node: str
    addresses: dict[int, int]
    """Value by IP version."""
    labels: Mapping[str, str]
    """Its own; for a host its node's."""
    inherited: Mapping[str, str]
    """What all pods of its namespace and service account share; they hold the same object."""
    ports: frozenset[NamedPort] = frozenset()


@dataclass(frozen=True, slots=True)
class Extra:
    """Addresses that selectors of rules match by labels besides pods: a network set or a host endpoint."""

    labels: Mapping[str, str]
    nets: tuple[Net, ...]


def of_cluster(objects: Objects, port_names: Set[str]) -> Iterator[Endpoint]:
    """All endpoints: running and pending pods, then nodes; with those named ports that are asked for."""
    spaces = {each.name: labels.of_namespace(each.name, each.labels) for each in objects.namespaces}
    accounts = {(each.namespace or "", each.name): each.labels for each in objects.service_accounts}
    hosts = {host.name: host for host in _hosts(objects)}
    inherited: dict[tuple[str, str], dict[str, str]] = {}
    for pod in objects.pods:
        if pod.finished:
            continue
        if pod.spec.host_network:
            yield _on_host(pod, hosts)
            continue
        key = (pod.namespace or "default", pod.spec.service_account_name)
        shared = inherited.get(key)
        if shared is None:
            space = spaces.get(key[0]) or labels.of_namespace(key[0], {})
            shared = inherited[key] = {**space, **_account(key, accounts)}
        yield _pod(pod, shared, _named_ports(pod, port_names) if port_names else _NO_PORTS)
    yield from hosts.values()


def _account(key: tuple[str, str], known: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[str, str]:
    return labels.of_account(key[1], known.get(key, {})) if key[1] else {labels.ORCHESTRATOR: "k8s"}


def pod_name(pod: Pod) -> str:
    """`namespace/pod`."""
    return f"{pod.namespace or 'default'}/{pod.name}"


def _pod(pod: Pod, inherited: Mapping[str, str], ports: frozenset[NamedPort]) -> Endpoint:
    name = pod_name(pod)
    addresses = _addresses(pod.addresses, name)
    return Endpoint(name, "pod", pod.spec.node_name, addresses, pod.labels, inherited, ports)


_NO_PORTS: frozenset[NamedPort] = frozenset()


def _named_ports(pod: Pod, names: Set[str]) -> frozenset[NamedPort]:
    found: list[NamedPort] = []
    for containers in (pod.spec.containers, pod.spec.init_containers):
        for container in containers or ():
            for port in container.ports or ():
                if port.name in names:
                    found.append((port.name, protocol_number(port.protocol), port.container_port, 0))
    return frozenset(found)


def _addresses(given: Iterable[str], name: str) -> dict[int, int]:
    """The first address of each family."""
    found: dict[int, int] = {}
    try:
        for version, value in map(parse_address, given):
            found.setdefault(version, value)
    except BadValue as wrong:
        raise BadValue(wrong.what, where=name, hint="read the object again") from wrong
    return found


def _on_host(pod: Pod, hosts: Mapping[str, Endpoint]) -> Endpoint:
    host = hosts.get(f"node:{pod.spec.node_name}")
    if host is None:
        given = pod.addresses or ((pod.status.host_ip,) if pod.status.host_ip else ())
        return Endpoint(pod_name(pod), "host", pod.spec.node_name, _addresses(given, pod_name(pod)), {}, {})
    return Endpoint(pod_name(pod), "host", host.node, host.addresses, host.labels, {}, host.ports)


def _hosts(objects: Objects) -> Iterator[Endpoint]:
    ports: dict[str, set[NamedPort]] = {}
    for each in objects.host_endpoints:
        for address in each.spec.expected_ips or ():
            version = 6 if ":" in address else 4
            named = ((p.name, protocol_number(p.protocol), p.port, version) for p in each.spec.ports or ())
            ports.setdefault(address, set()).update(named)
    for node in objects.nodes:
        yield _host(node, ports)


def _host(node: Node, ports: Mapping[str, set[NamedPort]]) -> Endpoint:
    """With the first address of each family, an internal one if there is any."""
    given = [each for each in node.status.addresses or () if each.type in ("InternalIP", "ExternalIP")]
    given.sort(key=lambda each: each.type != "InternalIP")
    texts = [each.address for each in given]
    name = f"node:{node.name}"
    named = frozenset(port for text in texts for port in ports.get(text, ()))
    return Endpoint(name, "host", node.name, _addresses(texts, name), node.labels, {}, named)


def tunnelled(objects: Objects) -> frozenset[str]:
    """Nodes whose own packets to other nodes' pods may carry a tunnel's address as their source."""
    return frozenset(
        node.name for node in objects.nodes if any(node.annotations.get(key) for key in _TUNNELS)
    )


def extras(objects: Objects) -> list[Extra]:
    """Network sets and host endpoints. Invalid networks of a set are left out, as the data plane does."""
    spaces = {each.name: each.labels for each in objects.namespaces}
    found = [Extra(each.labels, _nets(each.spec.nets)) for each in objects.global_network_sets]
    for each in objects.network_sets:
        name = each.namespace or "default"
        inherited = labels.of_namespace(name, spaces.get(name, {}))
        found.append(Extra({**inherited, **each.labels, labels.NAMESPACE: name}, _nets(each.spec.nets)))
    found.extend(Extra(each.labels, _nets(each.spec.expected_ips)) for each in objects.host_endpoints)
    return found


def _nets(given: Iterable[str] | None) -> tuple[Net, ...]:
    found: list[Net] = []
    for text in given or ():
        try:
            found.append(parse_net(text))
        except BadValue:
            continue
    return tuple(found)
