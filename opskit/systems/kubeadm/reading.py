"""How kubeadm's nodes and etcd are asked: over SSH, or in etcd's own pods."""

from typing import TypeVar

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.errors import NotInstalled, ReadError
from opskit.core.reads import InPod, OnNode, Place

T = TypeVar("T")

ETCD_POD = InPod(namespace="kube-system", selector="component=etcd", container="etcd")

_PKI = "/etc/kubernetes/pki/etcd"
ETCDCTL = (
    "etcdctl",
    "--endpoints=https://127.0.0.1:2379",
    f"--cacert={_PKI}/ca.crt",
    f"--cert={_PKI}/healthcheck-client.crt",
    f"--key={_PKI}/healthcheck-client.key",
    "--command-timeout=8s",
    "--dial-timeout=4s",
)
"""etcdctl as kubeadm's own probes connect: with the health check's certificate."""

TOKENS = ("kubeadm", "token", "list", "-o", 'go-template={{printf "%.6s" .token}} {{.expires}}{{"\\n"}}')
"""The public half of each token and its end: the secret half never leaves the node."""

CERTIFICATES = ("kubeadm", "certs", "check-expiration", "-o", "json")


def etcd(
    cluster: Cluster,
    *words: str,
    model: type[T],
    nodes: tuple[str, ...],
    many: bool = False,
    pods: bool = True,
) -> T:
    """Ask etcd through etcdctl: in an etcd pod, else on a control-plane node.

    Args:
        cluster: whose etcd.
        words: the command, e.g. `"member", "list"`.
        model: what the JSON is decoded into.
        nodes: control-plane nodes, for SSH.
        pods: whether etcd's pods can be asked: without an API server, they can't.
        many: whether the exit code 1 is an answer too: `endpoint health` gives it for a sick member.

    Raises:
        NotInstalled: neither an etcd pod nor a node that can be reached.
        ToolFailed, BadAnswer, Unreachable, Forbidden, DeadlineExceeded, NotInSnapshot.

    """
    argv = (*ETCDCTL, *words, "-w", "json")
    codes = (0, 1) if many else (0,)
    places: list[Place] = [*((ETCD_POD,) if pods else ()), *(OnNode(name=name) for name in nodes)]
    failed: ReadError | None = None
    for place in places:
        try:
            answer = cluster.tool(argv, place=place, exit_codes=codes)
            return decode(answer.body, decoder_for(model), where=f"etcdctl {' '.join(words)}")
        except ReadError as error:
            failed = failed if failed is not None and isinstance(error, NotInstalled) else error
    raise failed or NotInstalled(
        "No etcd can be asked.", where="kubeadm", hint="name the nodes in opskit.toml"
    )
