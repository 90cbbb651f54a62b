"""Who takes part: pods, nodes, and what else selectors see (network sets, host endpoints)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opskit.core.errors import BadValue
from opskit.systems.calico.reach import labels
from opskit.systems.calico.reach.addresses import Net, parse_address, parse_net
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.traffic import protocol_number
from opskit.systems.calico.workloads import Container, Node, Pod

NamedPort = tuple[str, int, int]
"""Name, protocol, port."""
_TUNNELS = (
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod, or a node with all that uses its network."""

    name: str
    """`namespace/pod` or `node:name`."""
    sort: str
    """`pod` or `host`; a host-networked pod is a `host`."""
    node: str
    addresses: Mapping[int, int]
    """Value by IP version."""
    labels: Mapping[str, str]
    """As Calico's selectors see them; for a host its node's own labels."""
    ports: frozenset[NamedPort] = frozenset()


@dataclass(frozen=True, slots=True)
class Extra:
    """Addresses that selectors of rules match by labels besides pods: a network set or a host endpoint."""

    labels: Mapping[str, str]
    nets: tuple[Net, ...]


def of_cluster(objects: Objects) -> Iterator[Endpoint]:
    """All endpoints: running and pending pods, then nodes."""
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
        if key not in inherited:
            space = spaces.get(key[0]) or labels.of_namespace(key[0], {})
            inherited[key] = {**space, **_account(key, accounts)}
        yield _pod(pod, inherited[key])
    yield from hosts.values()


def _account(key: tuple[str, str], known: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[str, str]:
    return labels.of_account(key[1], known.get(key, {})) if key[1] else {labels.ORCHESTRATOR: "k8s"}


def pod_name(pod: Pod) -> str:
    """`namespace/pod`."""
    return f"{pod.namespace or 'default'}/{pod.name}"


def _pod(pod: Pod, inherited: Mapping[str, str]) -> Endpoint:
    """A pod's own labels hide inherited ones, except for those that Calico sets itself."""
    own = {**inherited, **pod.labels}
    for key in (labels.NAMESPACE, labels.ORCHESTRATOR, labels.ACCOUNT):
        if key in inherited:
            own[key] = inherited[key]
    containers = (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
    name = pod_name(pod)
    return Endpoint(
        name,
        "pod",
        pod.spec.node_name,
        _addresses(pod.addresses, name),
        own,
        frozenset(_named_ports(containers)),
    )


def _named_ports(containers: Iterable[Container]) -> Iterator[NamedPort]:
    for container in containers:
        for port in container.ports or ():
            if port.name:
                yield port.name, protocol_number(port.protocol), port.container_port


def _addresses(given: Iterable[str], name: str) -> dict[int, int]:
    """The first address of each family."""
    found: dict[int, int] = {}
    for text in given:
        try:
            version, value = parse_address(text)
        except BadValue as wrong:
            raise BadValue(wrong.what, where=name, hint="read the object again") from wrong
        found.setdefault(version, value)
    return found


def _on_host(pod: Pod, hosts: Mapping[str, Endpoint]) -> Endpoint:
    host = hosts.get(f"node:{pod.spec.node_name}")
    if host is None:
        given = pod.addresses or ((pod.status.host_ip,) if pod.status.host_ip else ())
        return Endpoint(pod_name(pod), "host", pod.spec.node_name, _addresses(given, pod_name(pod)), {})
    return Endpoint(pod_name(pod), "host", host.node, host.addresses, host.labels, host.ports)


def _hosts(objects: Objects) -> Iterator[Endpoint]:
    ports: dict[str, set[NamedPort]] = {}
    for each in objects.host_endpoints:
        named = [(port.name, protocol_number(port.protocol), port.port) for port in each.spec.ports or ()]
        for address in each.spec.expected_ips or ():
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
    return Endpoint(name, "host", node.name, _addresses(texts, name), node.labels, named)


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
