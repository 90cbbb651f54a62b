"""Which nodes a cluster has, their names and their addresses: all of it follows from the options."""

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import msgspec

from opskit.core.errors import UnknownName
from opskit.sandbox.kubeadm.options import KubeadmOptions
from opskit.sandbox.site import Site

_NODES = IPv4Network("10.254.0.0/16")
"""A /24 for each sandbox's nodes."""
_PODS = IPv4Network("100.64.0.0/12")
"""A /20 for each sandbox's pods (carrier-grade NAT space, which no site routes inside), a /24 a node."""
_FIRST_WORKER = 5


@dataclass(frozen=True)
class Node:
    """One node: a machine to Kubernetes."""

    site: Site
    name: str
    """`cp1`, `cp2` …, `w1`, `w2` …"""
    number: int
    """0 to 15, among all nodes that there could be."""

    @property
    def control_plane(self) -> bool:
        """Whether it is one."""
        return self.number < _FIRST_WORKER

    @cached_property
    def folder(self) -> Path:
        """What its disks hold."""
        return self.site.folder("nodes") / self.name

    @property
    def process(self) -> str:
        """The name of its process, and of its log."""
        return f"node.{self.name}"

    @cached_property
    def address(self) -> str:
        """Its IP address."""
        return str(_subnet(self.site)[11 + self.number])

    @cached_property
    def pod_cidr(self) -> str:
        """Its pods' addresses."""
        return str(list(pod_network(self.site).subnets(new_prefix=24))[self.number])

    @property
    def link(self) -> str:
        """The host's end of its network link."""
        return f"{self.site.key}-{self.name}"

    @property
    def cgroup(self) -> str:
        """Its pods' cgroup, below the root of all cgroups."""
        return f"{cgroup(self.site)}/{self.name}"


def options(site: Site) -> KubeadmOptions:
    """What was chosen."""
    given = site.record.get("options", {})
    known = KubeadmOptions.__struct_fields__
    return msgspec.convert({name: given[name] for name in known if name in given}, KubeadmOptions)


def nodes_of(site: Site, chosen: KubeadmOptions) -> list[Node]:
    """All nodes, control planes first."""
    control_planes = [Node(site, f"cp{number + 1}", number) for number in range(chosen.control_planes)]
    workers = [Node(site, f"w{number + 1}", _FIRST_WORKER + number) for number in range(chosen.workers)]
    return control_planes + workers


def nodes(site: Site) -> list[Node]:
    """All nodes of a sandbox, control planes first."""
    return nodes_of(site, options(site))


def control_planes(site: Site) -> list[Node]:
    """Its control planes."""
    return [node for node in nodes(site) if node.control_plane]


def node_named(site: Site, name: str) -> Node:
    """The node of that name.

    Raises:
        UnknownName: there is none.

    """
    known = {node.name: node for node in nodes(site)}
    if name not in known:
        raise UnknownName.among("node", name, known)
    return known[name]


def bridge(site: Site) -> str:
    """The host's bridge, which all nodes are linked to."""
    return f"ok-{site.key}"


def cgroup(site: Site) -> str:
    """The cgroup of all nodes, below the root of all cgroups."""
    return f"opskit-{site.key}"


def gateway(site: Site) -> IPv4Address:
    """The host's address on the bridge; the load balancer listens there."""
    return _subnet(site)[1]


def node_network(site: Site) -> IPv4Network:
    """The nodes' addresses."""
    return _subnet(site)


def pod_network(site: Site) -> IPv4Network:
    """The pods' addresses."""
    return list(_PODS.subnets(new_prefix=20))[_number(site)]


def endpoint(site: Site) -> str:
    """Where the API server is reached by everybody, `ADDRESS:PORT`."""
    return f"{gateway(site)}:6443"


def _subnet(site: Site) -> IPv4Network:
    return list(_NODES.subnets(new_prefix=24))[_number(site)]


def _number(site: Site) -> int:
    return int(site.network().rpartition(".")[2])
