"""Addresses: what each pool and block gives away, and to whom it is recorded.

The rules follow `calicoctl ipam check`: https://docs.tigera.io/calico/latest/reference/calicoctl/ipam/check.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from opskit.core.parts import known
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.kinds_network import AllocationAttribute, IPAMBlock, IPPool
from opskit.systems.calico.reach.addresses import address_text
from opskit.systems.calico.workloads import Pod

Net = IPv4Network | IPv6Network

GRACE = timedelta(minutes=15)
"""A younger allocation may belong to a pod that is just being made, as Calico's own collector waits."""
_TUNNELS = "TunnelAddress"


@dataclass(frozen=True, slots=True)
class Allocation:
    """One address that is given."""

    block: str
    address: str
    attribute: AllocationAttribute

    @property
    def owner(self) -> tuple[str, str] | None:
        """Namespace and name of the pod; None where it is no pod's."""
        held = self.attribute.secondary or {}
        return (str(held.get("namespace", "")), str(held["pod"])) if held.get("pod") else None

    @property
    def node(self) -> str:
        """The node that asked for it."""
        return str((self.attribute.secondary or {}).get("node", ""))

    @property
    def tunnel(self) -> bool:
        """Whether it is a node's own end of a tunnel."""
        return str((self.attribute.secondary or {}).get("type", "")).find(_TUNNELS) > 0

    @property
    def given(self) -> datetime | None:
        """When, where that is recorded."""
        text = str((self.attribute.secondary or {}).get("timestamp", ""))[:19].replace("T", " ")
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Usage:
    """A pool and what is given of it."""

    pool: IPPool
    net: Net
    allocated: int
    blocks: int
    """Blocks that exist."""
    possible: int
    """Blocks that fit."""

    @property
    def share(self) -> float:
        """Addresses given, 0 to 1."""
        return self.allocated / self.net.num_addresses


@lru_cache(maxsize=1 << 16)
def net_of(text: str) -> Net | None:
    """The network, or None where the text is none."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def allocations(block: IPAMBlock) -> Iterator[Allocation]:
    """The addresses of a block that are given; one that cools down is not."""
    net = net_of(block.spec.cidr)
    if net is None:
        return
    first, attributes = int(net.network_address), block.spec.attributes or ()
    for index, held in enumerate((block.spec.allocations or ())[: net.num_addresses]):
        if held is not None and held < len(attributes) and not attributes[held].released_at:
            yield Allocation(block.spec.cidr, address_text(net.version, first + index), attributes[held])


def given(facts: Facts) -> list[Allocation]:
    """Every address that is given."""
    return facts.once("given", lambda: _given(facts))


def _given(facts: Facts) -> list[Allocation]:
    return [each for block in known(facts.ipam_blocks, []) for each in allocations(block)]


def usage(facts: Facts) -> list[Usage]:
    """Every pool with what is given of it, in the order of their names."""
    return facts.once("usage", lambda: _every_usage(facts))


def _every_usage(facts: Facts) -> list[Usage]:
    blocks = [(net, block) for block in known(facts.ipam_blocks, []) if (net := net_of(block.spec.cidr))]
    pools = sorted(known(facts.ip_pools, []), key=lambda pool: pool.name)
    return [_usage(pool, net, blocks) for pool in pools if (net := net_of(pool.spec.cidr))]


def _usage(pool: IPPool, net: Net, blocks: Iterable[tuple[Net, IPAMBlock]]) -> Usage:
    mine = [block for inner, block in blocks if inside(inner, net)]
    taken = sum(sum(held is not None for held in block.spec.allocations or ()) for block in mine)
    size = pool.spec.block_size or (26 if net.version == 4 else 122)
    return Usage(pool, net, taken, len(mine), 1 << max(0, size - net.prefixlen))


def inside(inner: Net, outer: Net) -> bool:
    """Whether one network lies within another."""
    return (
        inner.version == outer.version
        and outer.prefixlen <= inner.prefixlen
        and inner.network_address in outer
    )


def leaked(facts: Facts) -> list[Allocation]:
    """Addresses whose pod or node is gone, or has another address, for longer than the grace."""
    pods = {(pod.namespace or "", pod.name): pod for pod in facts.objects.pods}
    return [each for each in given(facts) if _leaked(facts, each, pods)]


def _leaked(facts: Facts, each: Allocation, pods: dict[tuple[str, str], Pod]) -> bool:
    if not _astray(facts, each, pods):
        return False
    # Asked last: of thousands of addresses, few are astray, and a text has to be parsed for each.
    return each.given is None or facts.now - each.given >= GRACE


def _astray(facts: Facts, each: Allocation, pods: dict[tuple[str, str], Pod]) -> bool:
    owner = each.owner
    if owner is None:
        return each.tunnel and each.node not in facts.nodes
    pod = pods.get(owner)
    own = pod.addresses if pod else ()
    return pod is None or bool(own and each.address not in own)


def unrecorded(facts: Facts) -> list[tuple[Pod, str]]:
    """Pods with an address of a pool that no block records: it might be given twice."""
    nets = [each.net for each in usage(facts)]
    recorded = {each.address for each in given(facts)}
    return [
        (pod, address)
        for pod in facts.objects.pods
        if not (pod.finished or pod.spec.host_network)
        for address in pod.addresses
        if address not in recorded and _within(address, nets)
    ]


def _within(address: str, nets: Iterable[Net]) -> bool:
    try:
        return any(ip_address(address) in net for net in nets)
    except ValueError:
        return False


def orphaned(facts: Facts) -> dict[str, list[str]]:
    """Node that is gone → the blocks that still are its own."""
    found: dict[str, set[str]] = {}
    for block in known(facts.ipam_blocks, []):
        sort, _, node = (block.spec.affinity or "").partition(":")
        if sort == "host" and node not in facts.nodes:
            found.setdefault(node, set()).add(block.spec.cidr)
    for affinity in known(facts.block_affinities, []):
        if affinity.spec.type in ("", "host") and affinity.spec.node not in facts.nodes:
            found.setdefault(affinity.spec.node, set()).add(affinity.spec.cidr)
    return {node: sorted(blocks) for node, blocks in sorted(found.items())}
