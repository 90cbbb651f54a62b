"""Pools and blocks of addresses."""

from itertools import combinations

from opskit.core.findings import Evidence, Finding
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.calico import ipam
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.ipam import Usage
from opskit.systems.calico.judging import ERROR, INFO, IPAM, POOLS, WARNING, finding

NEARLY = 0.85
"""Share of a pool above which it is nearly full."""

_SHOW = "calicoctl ipam show --show-blocks"
_CHECK = "calicoctl ipam check --show-problem-ips"


def pool_full(facts: Facts) -> list[Finding]:
    """Pools that have no or hardly any address left."""
    if isinstance(facts.ipam_blocks, Unread):
        return []
    return [_full(facts, each) for each in ipam.usage(facts) if not each.pool.spec.disabled and _tight(each)]


def _tight(each: Usage) -> bool:
    return each.net.version == 4 and each.share >= NEARLY


def _full(facts: Facts, each: Usage) -> Finding:
    spec, free = each.pool.spec, each.net.num_addresses - each.allocated
    gone = [
        one for one in ipam.leaked(facts) if (net := ipam.net_of(one.block)) and ipam.inside(net, each.net)
    ]
    others = [
        one for one in ipam.usage(facts) if one.pool.name != each.pool.name and not one.pool.spec.disabled
    ]
    leaks = f" {count(len(gone), 'address')} of it had a pod that is gone." if gone else ""
    return finding(
        "POOL_EXHAUSTED" if not free else "POOL_NEARLY_FULL",
        ERROR if not free else WARNING,
        f"IPPool {each.pool.name}",
        f"IPPool {each.pool.name} ({spec.cidr}) has {free:,} of {each.net.num_addresses:,} addresses left"
        + ("" if others or free else ": new pods stay in ContainerCreating")
        + ".",
        evidence=[
            Evidence(
                text=f"{each.allocated:,} addresses are given, in {each.blocks} of {each.possible} blocks",
                command=_SHOW,
            )
        ],
        cause=f"The cluster has outgrown the pool.{leaks}" if not gone else f"Addresses leak.{leaks}",
        remedy="Release what is leaked (calico/IPAM_LEAK) or add a second IPPool inside the cluster CIDR; a "
        "pool's own CIDR can't be changed.",
        source=POOLS,
    )


def no_pool(facts: Facts) -> list[Finding]:
    """Calico is there and no pool gives addresses to pods."""
    pools = facts.ip_pools
    if isinstance(pools, Unread) or not facts.mode or isinstance(facts.mode, Unread):
        return []
    if not known(facts.ipam_blocks, []) and not pools:
        return []
    if any(not p.spec.disabled and "Workload" in (p.spec.allowed_uses or ["Workload"]) for p in pools):
        return []
    return [
        finding(
            "NO_POOL",
            ERROR,
            "IP pools",
            "No IPPool is enabled for pods: new pods get no address.",
            evidence=[
                Evidence(
                    text=f"pools: {some(p.name + (' (disabled)' if p.spec.disabled else '') for p in pools)}",
                    command="kubectl get ippools.projectcalico.org",
                )
            ],
            cause="A migration disabled the old pool before the new one was there, or the pool was deleted.",
            remedy="Enable a pool: `kubectl patch ippools.projectcalico.org NAME --type merge -p "
            '\'{"spec":{"disabled":false}}\'`.',
            source=POOLS,
        )
    ]


def pool_disabled(facts: Facts) -> list[Finding]:
    """A pool that gives no new addresses still has some given: a migration that is not through."""
    return [
        finding(
            "POOL_DISABLED_IN_USE",
            INFO,
            f"IPPool {each.pool.name}",
            f"IPPool {each.pool.name} is disabled and still has {count(each.allocated, 'address')} given.",
            evidence=[Evidence(text=f"{each.allocated} addresses in {each.pool.spec.cidr}", command=_SHOW)],
            cause="Pods from before keep their addresses until they are made anew.",
            remedy="Recycle the pods that still have its addresses; delete the pool once none is left.",
            source=POOLS,
        )
        for each in ipam.usage(facts)
        if each.pool.spec.disabled and each.allocated
    ]


def pools_overlap(facts: Facts) -> list[Finding]:
    """Two pools that hold the same addresses."""
    found: list[Finding] = []
    for one, other in combinations(ipam.usage(facts), 2):
        if one.net.version == other.net.version and one.net.overlaps(other.net):
            names = f"{one.pool.name} ({one.net}) and {other.pool.name} ({other.net})"
            found.append(
                finding(
                    "POOLS_OVERLAP",
                    ERROR,
                    f"IPPools {one.pool.name}, {other.pool.name}",
                    f"The IPPools {names} overlap: which one a block belongs to is not defined.",
                    evidence=[Evidence(text=names, command="kubectl get ippools.projectcalico.org -o wide")],
                    cause="Calico's own API refuses this; it was written past it, or to the storage group.",
                    remedy="Disable one of them, move its pods, and delete it.",
                    source=POOLS,
                )
            )
    return found


def ipam_leak(facts: Facts) -> list[Finding]:
    """Addresses that are recorded as given and that nobody has."""
    if isinstance(facts.inventory["pods"], Unread) or isinstance(facts.inventory["nodes"], Unread):
        return []
    gone = ipam.leaked(facts)
    if not gone:
        return []
    examples = [f"{e.address} ({'/'.join(e.owner) if e.owner else e.node})" for e in gone]
    nodes = some(sorted({each.node for each in gone if each.node}))
    return [
        finding(
            "IPAM_LEAK",
            WARNING,
            f"IPAM{f' of {nodes}' if nodes else ''}",
            f"{count(len(gone), 'address', 'is')} recorded as given, with no pod any more: "
            f"{some(examples, at_most=3)}.",
            evidence=[Evidence(text=some(examples), command=_CHECK)],
            cause="A node was lost with its pods, or the CNI's deletion failed; the collector of "
            "calico-kube-controllers frees such addresses after 15 minutes when it runs.",
            remedy="See that calico-kube-controllers runs. By hand: `calicoctl datastore migrate lock`, "
            "`calicoctl ipam check -o report.json`, `calicoctl ipam release --from-report report.json`, and "
            "always unlock after it.",
            source=IPAM,
        )
    ]


def address_unrecorded(facts: Facts) -> list[Finding]:
    """Pods with an address that IPAM believes to be free."""
    if isinstance(facts.ipam_blocks, Unread) or not facts.ipam_blocks:
        return []
    found = ipam.unrecorded(facts)
    if not found:
        return []
    examples = [f"{pod.namespace}/{pod.name} {address}" for pod, address in found]
    return [
        finding(
            "ADDRESS_UNRECORDED",
            ERROR,
            some(sorted({pod.namespace or "" for pod, _ in found})),
            f"{count(len(found), 'pod', 'has')} an address that IPAM takes for free: it may be given twice.",
            evidence=[Evidence(text=some(examples), command=_CHECK)],
            cause="The address was released by hand while the pod ran, or another CNI plug-in gave it.",
            remedy="Recycle these pods; each gets an address that is recorded.",
            source=IPAM,
        )
    ]


def block_of_gone_node(facts: Facts) -> list[Finding]:
    """Blocks that belong to nodes that are no more."""
    if isinstance(facts.inventory["nodes"], Unread) or not facts.nodes:
        return []
    found = ipam.orphaned(facts)
    if not found:
        return []
    blocks = [block for held in found.values() for block in held]
    return [
        finding(
            "BLOCK_OF_GONE_NODE",
            WARNING,
            some(found),
            f"{count(len(blocks), 'block')} of {some(found)}, which is no node of this cluster any more: "
            "no other node can use them.",
            evidence=[
                Evidence(
                    text=f"{some(blocks)} with affinity to {some(found)}",
                    command="kubectl get blockaffinities.projectcalico.org",
                )
            ],
            cause="The node was removed while calico-kube-controllers, which cleans up after it, was down.",
            remedy="See that calico-kube-controllers runs; by hand: `calicoctl delete node "
            f"{next(iter(found))}`.",
            source=f"{IPAM}",
        )
    ]
