"""Whether machines are fit for `kubeadm init` or `kubeadm join`: one rule each. Pure.

Follows https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/.
"""

import re
from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.kubeadm import checks_host_system as system
from opskit.systems.kubeadm.hosts import Hosts
from opskit.systems.kubeadm.judging import finding
from opskit.systems.kubeadm.judging_hosts import Asked, Rule, Told, unknown

LEAST_CPUS, LEAST_MEMORY = 2, 1700 * 1024**2
"""What kubeadm wants of a control plane."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PAGE = "setup/production-environment/tools/kubeadm/install-kubeadm/"


def identity(asked: Asked) -> Told:
    """Board and network cards are no other machine's: clones of one image often share them."""
    host, command = asked.host, "cat /sys/class/dmi/id/product_uuid; ip link"
    own = (known(host.uuid, ""), *known(host.macs, []))
    same = [
        f"{each} is {name}'s, too"
        for name, other in asked.others.items()
        for each in own
        if each and each in (known(other.uuid, ""), *known(other.macs, []))
    ]
    same += [
        f"{own[0]} is the node {node.name}'s, too"
        for node in known(asked.all.joined, [])
        if own[0] and node.name != asked.node and node.status.node_info.system_uuid.lower() == own[0]
    ]
    if not same and isinstance(host.uuid, Unread) and isinstance(host.macs, Unread):
        return unknown("identity", host.uuid, command)
    return Told(
        check="identity",
        verdict="bad" if same else "good",
        told="; ".join(dict.fromkeys(same)) if same else "product_uuid and MAC addresses are its own",
        command=command,
        remedy="Give the machine a UUID and MAC addresses of its own." if same else "",
    )


def name(asked: Asked) -> Told:
    """Its name is one that a node can have, nobody else's, and resolves to it."""
    held, command = asked.host.name, "uname -n; getent ahosts $(uname -n)"
    if isinstance(held, Unread):
        return unknown("name", held, command)
    wrong: list[str] = []
    if not _NAME.fullmatch(held):
        wrong.append(f"{held!r} is no lower-case DNS name")
    wrong += [f"{other} has it, too" for other, each in asked.others.items() if each.name == held]
    resolved = known(asked.host.addresses, [])
    loops = bool(resolved) and all(each.startswith("127.") or each == "::1" for each in resolved)
    doubt = "resolves to loopback alone" if loops else "" if resolved else "does not resolve"
    return Told(
        check="name",
        verdict="bad" if wrong else "doubtful" if doubt else "good",
        told=f"{held}: {'; '.join(wrong)}" if wrong else f"{held} {doubt or f'resolves to {some(resolved)}'}",
        command=command,
        remedy="`hostnamectl set-hostname`, or `--node-name`."
        if wrong
        else "Add it to DNS or /etc/hosts."
        if doubt
        else "",
    )


def endpoint(asked: Asked) -> Told:
    """The control plane's endpoint resolves on it."""
    wanted, held = asked.all.endpoint, asked.host.endpoint
    command = f"getent ahosts {wanted or 'ENDPOINT'}"
    if isinstance(held, Unread) or not wanted:
        return unknown("endpoint", held if isinstance(held, Unread) else None, command)
    return Told(
        check="endpoint",
        verdict="good" if held else "bad",
        told=f"{wanted} resolves to {some(held)}" if held else f"{wanted} does not resolve",
        command=command,
        remedy="" if held else "Mend DNS, or add it to /etc/hosts.",
    )


def size(asked: Asked) -> Told:
    """A control plane has what kubeadm wants of it."""
    cpus, memory, command = asked.host.cpus, asked.host.memory, "nproc; grep MemTotal /proc/meminfo"
    if isinstance(cpus, Unread) or isinstance(memory, Unread):
        return unknown("size", cpus if isinstance(cpus, Unread) else None, command)
    small = asked.plane and (cpus < LEAST_CPUS or memory < LEAST_MEMORY)
    return Told(
        check="size",
        verdict="bad" if small else "good",
        told=f"{cpus} CPUs, {memory / 1024**3:,.1f} GiB",
        command=command,
        remedy="A control plane needs 2 CPUs and 1700 MiB." if small else "",
    )


def version(asked: Asked) -> Told:
    """Its kubeadm is of the cluster's minor."""
    held, server, command = asked.host.kubeadm, asked.all.server, "kubeadm version -o short"
    if isinstance(held, Unread) or held is None:
        return unknown("kubeadm", held if isinstance(held, Unread) else None, command)
    same = server is None or held.release == server.release
    return Told(
        check="kubeadm",
        verdict="good" if same else "bad",
        told=f"{held}" + ("" if same else f", and the cluster is {server}"),
        command=command,
        remedy="" if same else f"Install kubeadm {server.release if server else ''} on it.",
    )


def leftovers(asked: Asked) -> Told:
    """Nothing of an earlier cluster lies on a machine that has not joined."""
    held, command = (
        asked.host.leftovers,
        "ls /etc/kubernetes/manifests /etc/kubernetes/kubelet.conf /var/lib/etcd",
    )
    if isinstance(held, Unread):
        return unknown("leftovers", held, command)
    if held and isinstance(asked.all.joined, Unread):
        return unknown("leftovers", asked.all.joined, command)
    if asked.is_joined:
        return Told(
            check="leftovers", verdict="good", told="it has joined: these are its own", command=command
        )
    return Told(
        check="leftovers",
        verdict="bad" if held else "good",
        told=some(held) if held else "none",
        command=command,
        remedy="`kubeadm reset` on it: it belonged to a cluster before." if held else "",
    )


RULES: tuple[Rule, ...] = (
    *(system.runtime, system.driver, system.cgroups, system.swap, system.ports),
    *(system.forwarding, system.bridge, system.time),
    *(name, identity, endpoint, size, version, leftovers),
)


def told(hosts: Hosts, *, control_planes: bool) -> Iterator[tuple[str, Told]]:
    """Every rule about every machine that answered, and one line for each that did not.

    Args:
        hosts: the machines.
        control_planes: whether they are to be control planes.

    """
    for node, host in hosts.hosts.items():
        if isinstance(host, Unread):
            yield node, unknown("ssh", host, f"ssh {node}")
            continue
        plane = control_planes or _is_plane(hosts, node)
        for rule in RULES:
            yield node, rule(Asked(node=node, host=host, all=hosts, plane=plane))


def preflight(hosts: Hosts, *, control_planes: bool = False) -> list[Finding]:
    """What keeps machines from being nodes, as findings.

    Args:
        hosts: the machines.
        control_planes: whether they are to be control planes.

    """
    every = told(hosts, control_planes=control_planes)
    found = [_finding(node, each) for node, each in every if each.verdict in ("bad", "doubtful")]
    return sorted(found, key=lambda each: -each.severity.rank)


def _finding(node: str, each: Told) -> Finding:
    return finding(
        f"HOST_{re.sub(r'[^A-Z]', '_', each.check.upper())}",
        Severity.ERROR if each.verdict == "bad" else Severity.WARNING,
        f"{each.check} on {node}",
        f"{node}: {each.check}: {each.told}.",
        evidence=[Evidence(text=each.told, command=f"{each.command}   # on {node}")],
        cause="The machine is not prepared as kubeadm wants it."
        if each.verdict == "bad"
        else "It works, and is not what kubeadm's documents advise.",
        remedy=Remedy(text=f"On {node}: {each.remedy}"),
        source=_PAGE,
    )


def _is_plane(hosts: Hosts, node: str) -> bool:
    label = "node-role.kubernetes.io/control-plane"
    return any(each.name == node and label in each.labels for each in known(hosts.joined, []))
