"""What nodes say of themselves over SSH, with or without an API server."""

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.parts import Unread, attempt, known, settle
from opskit.core.reads import OnNode
from opskit.systems.kubeadm import answers_machines as answers
from opskit.systems.kubeadm.answers_machines import RUNTIMES, Machine

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
"""The static pods that kubeadm makes on a control-plane node."""
SECONDS = 10.0
"""For each question: a node that is off must not hold up the others."""

_SERVICES = ("kubelet", *RUNTIMES)
_ASK_SERVICES = ("systemctl", "is-active", *_SERVICES)
_ASK_CLIENT = (
    *("openssl", "x509", "-noout", "-dates"),
    *("-in", "/var/lib/kubelet/pki/kubelet-client-current.pem"),
)
_ASK_DISKS = ("df", "-P", "-k", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/etcd")
_ASK_MANIFESTS = (
    *("find", "/etc/kubernetes/manifests", "-maxdepth", "1", "-name", "*.yaml"),
    *("-printf", r"%f\n"),
)
_ASK_CONTAINERS = (
    *("crictl", "ps", "-a", "--label", "io.kubernetes.pod.namespace=kube-system"),
    *("-o", "json"),
)
_ASK_KUBELET = ("journalctl", "-u", "kubelet", "-n", "60", "--no-pager", "-o", "cat")
_LOG_LINES = 25


def read(cluster: Cluster, names: tuple[str, ...]) -> dict[str, Machine | Unread]:
    """Ask nodes, all at the same time.

    Args:
        cluster: whose.
        names: the nodes'.

    Returns:
        Node → what it says, or why it could not be asked at all.

    """
    told = settle({f"node {name}": lambda name=name: machine(cluster, name) for name in names})
    return {name: told[f"node {name}"] for name in names}


def machine(cluster: Cluster, node: str) -> Machine:
    """One node.

    Raises:
        NotInstalled: no way to reach the node is named.
        Unreachable, Unauthorized, DeadlineExceeded, NotInSnapshot.

    """
    told = _ask(cluster, node, _ASK_SERVICES, codes=(0, 3, 4))
    services = answers.services(_SERVICES, told)
    containers = attempt("crictl ps", lambda: _containers(cluster, node))
    seen = Machine(
        services=services,
        client=attempt("kubelet's certificate", lambda: answers.validity(_ask(cluster, node, _ASK_CLIENT))),
        disks=attempt("df", lambda: answers.disks(_ask(cluster, node, _ASK_DISKS, codes=(0, 1)))),
        manifests=attempt("manifests", lambda: _manifests(cluster, node)),
        containers=containers,
    )
    return msgspec.structs.replace(
        seen, kubelet_log=_kubelet_log(cluster, node, seen), last_words=_last_words(cluster, node, seen)
    )


def _containers(cluster: Cluster, node: str) -> list[answers.Container]:
    body = _ask(cluster, node, _ASK_CONTAINERS).encode()
    found = decode(body, decoder_for(answers.Containers), where=f"crictl on {node}")
    return found.containers or []


def _manifests(cluster: Cluster, node: str) -> list[str]:
    told = _ask(cluster, node, _ASK_MANIFESTS, codes=(0, 1)).split()
    return sorted(each.removesuffix(".yaml") for each in told if not each.startswith("."))


def _kubelet_log(cluster: Cluster, node: str, seen: Machine) -> list[str] | Unread:
    over = isinstance(seen.client, answers.Validity) and seen.client.ends <= cluster.now()
    if known(seen.services, {}).get("kubelet") == "active" and not over:
        return []
    return attempt("kubelet's log", lambda: answers.fatal(_ask(cluster, node, _ASK_KUBELET)))


def _last_words(cluster: Cluster, node: str, seen: Machine) -> dict[str, str]:
    """Of static pods that have a manifest and do not run, or may end again."""
    now = cluster.now()
    names = [each for each in known(seen.manifests, []) if each in COMPONENTS]
    asked = {name: seen.witnesses(name, now=now) for name in names}
    return {
        name: _said(cluster, node, those, over=seen.runs(name) is False)
        for name, those in asked.items()
        if those
    }


def _said(cluster: Cluster, node: str, asked: list[answers.Container], *, over: bool) -> str:
    """What the first of them that said anything said last; their logs can be gone by now."""
    for each in asked:
        argv = ("crictl", "logs", "--tail", str(_LOG_LINES), each.id)
        told = attempt("logs", lambda argv=argv: _ask(cluster, node, argv, both=True))
        if words := answers.last_words(known(told, ""), over=over):
            return words
    return ""


def _ask(
    cluster: Cluster, node: str, argv: tuple[str, ...], *, codes: tuple[int, ...] = (0,), both: bool = False
) -> str:
    answer = cluster.tool(argv, place=OnNode(name=node), deadline=SECONDS, exit_codes=codes)
    text = answer.body.decode(errors="replace")
    return text + answer.stderr if both else text
