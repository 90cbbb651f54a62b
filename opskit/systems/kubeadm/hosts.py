"""Machines that are to join, or have joined: asked over SSH for what kubeadm's preflight rests on."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.errors import BadValue
from opskit.core.findings import Data
from opskit.core.parts import Unread, attempt, known, settle
from opskit.core.reads import OnNode
from opskit.systems.kubeadm import answers_hosts as answers
from opskit.systems.kubeadm import facts, kinds
from opskit.systems.kubeadm.answers_hosts import Host
from opskit.systems.kubeadm.versions import Version, parse

SECONDS = 10.0
"""For each question."""
SYSCTLS = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")
_LEFTOVERS = ("/etc/kubernetes/manifests", "/etc/kubernetes/kubelet.conf", "/var/lib/etcd/member")

Answered = Callable[[str], Any]

_QUESTIONS: dict[str, tuple[tuple[str, ...], Answered, tuple[int, ...]]] = {
    "name": (("uname", "-n"), str.strip, (0,)),
    "swap": (("cat", "/proc/swaps"), answers.swap, (0,)),
    "listeners": (("ss", "-Hltnp"), answers.listeners, (0,)),
    "sysctls": (
        ("grep", "-sH", "", *(f"/proc/sys/{each}" for each in SYSCTLS)),
        answers.sysctls,
        (0, 1, 2),
    ),
    "runtime": (("crictl", "info"), answers.runtime, (0,)),
    "kubelet": (
        ("grep", "-sE", "^(cgroupDriver|failSwapOn):", "/var/lib/kubelet/config.yaml"),
        answers.kubelet,
        (0, 1, 2),
    ),
    "cgroups": (
        ("stat", "-fc", "%T", "/sys/fs/cgroup"),
        lambda text: 2 if text.strip() == "cgroup2fs" else 1,
        (0,),
    ),
    "synchronized": (("timedatectl", "show", "-p", "NTPSynchronized"), answers.synchronized, (0,)),
    "uuid": (("cat", "/sys/class/dmi/id/product_uuid"), lambda text: text.strip().lower(), (0,)),
    "macs": (("ip", "-json", "link"), answers.macs, (0,)),
    "cpus": (("nproc",), answers.number, (0,)),
    "memory": (("grep", "MemTotal", "/proc/meminfo"), answers.memory, (0,)),
    "kubeadm": (("kubeadm", "version", "-o", "short"), parse, (0,)),
    "leftovers": (("ls", "-d", *_LEFTOVERS), str.split, (0, 1, 2)),
}
"""Part → the command, what makes a value of its output, and the exit codes that are an answer."""


class Hosts(Data, frozen=True):
    """Machines, and what of the cluster they must fit."""

    hosts: dict[str, Host | Unread]
    """Name → what the machine says, or why it could not be asked."""
    joined: list[kinds.Node] | Unread
    """The cluster's nodes."""
    server: Version | None
    endpoint: str
    """Host part of the control plane's endpoint; empty where it is not known."""


def ask(cluster: Cluster, nodes: Iterable[str] | str) -> Hosts:
    """Ask machines for what kubeadm's preflight rests on.

    Args:
        cluster: that they are to join, or have joined.
        nodes: names that `[clusters.NAME.nodes]` in opskit.toml leads to; as text, separated by commas.

    Returns:
        What each says; a machine that does not answer takes none of the others along.

    Raises:
        BadValue: no name is given.

    """
    words = nodes.split(",") if isinstance(nodes, str) else nodes
    names = [each.strip() for each in words if each.strip()]
    if not names:
        raise BadValue("No machine is named.", where="nodes", hint="write names, separated by commas")
    configuration = attempt("configuration", lambda: facts.configuration(cluster))
    endpoint = _endpoint(known(configuration, {}))
    told = settle({f"host {name}": partial(_host, cluster, name, endpoint) for name in names})
    api = attempt("the API server", lambda: cluster.info.version)
    return Hosts(
        hosts={name: told[f"host {name}"] for name in names},
        joined=attempt("nodes", lambda: cluster.list(kinds.NODE)),
        server=parse(known(api, "")),
        endpoint=endpoint,
    )


def _endpoint(configuration: dict[str, Any]) -> str:
    told = str(configuration.get("controlPlaneEndpoint") or "")
    return told.rpartition(":")[0].strip("[]") if ":" in told else told


def _host(cluster: Cluster, node: str, endpoint: str) -> Host:
    # The first question tells whether the machine can be asked at all.
    name = _asked(cluster, node, "name")
    found = {
        part: attempt(part, partial(_asked, cluster, node, part)) for part in _QUESTIONS if part != "name"
    }
    return Host(
        name=name,
        **found,
        ahead=attempt("clock", lambda: _ahead(cluster, node)),
        addresses=attempt("own name", lambda: _resolved(cluster, node, name)),
        endpoint=attempt("endpoint", lambda: _resolved(cluster, node, endpoint) if endpoint else []),
    )


def _asked(cluster: Cluster, node: str, part: str) -> Any:
    argv, made, codes = _QUESTIONS[part]
    return made(_run(cluster, node, argv, codes))


def _ahead(cluster: Cluster, node: str) -> float:
    begin = cluster.now()
    there = answers.clock(_run(cluster, node, ("date", "-u", "+%s.%N"), (0,)))
    # Half of the way there and back, as time servers do.
    middle = begin + (cluster.now() - begin) / 2
    return round((there - middle).total_seconds(), 1)


def _resolved(cluster: Cluster, node: str, name: str) -> list[str]:
    return answers.addresses(_run(cluster, node, ("getent", "ahosts", name), (0, 2)))


def _run(cluster: Cluster, node: str, argv: tuple[str, ...], codes: tuple[int, ...]) -> str:
    answer = cluster.tool(argv, place=OnNode(name=node), deadline=SECONDS, exit_codes=codes)
    return answer.body.decode(errors="replace")
