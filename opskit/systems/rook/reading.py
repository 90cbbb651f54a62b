"""How Ceph is asked: through the toolbox, where the settings say it is."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.kinds import Object
from opskit.core.reads import Answers, InPod, Session

T = TypeVar("T")
ObjectT = TypeVar("ObjectT", bound=Object)

NAMESPACE = "rook-ceph"
TOOLBOX = "app=rook-ceph-tools"
CONNECT_SECONDS = 10
"""After which `ceph` gives up on monitors that do not answer."""


def namespace(cluster: Cluster) -> str:
    """The namespace of the Ceph cluster: `rook.namespace` of the settings."""
    return str(cluster.setting("rook", "namespace", NAMESPACE))


def operator_namespace(cluster: Cluster) -> str:
    """The namespace of Rook's operator: `rook.operator_namespace` of the settings."""
    return str(cluster.setting("rook", "operator_namespace", namespace(cluster)))


def toolbox(cluster: Cluster) -> InPod:
    """The pod in which `ceph` runs: `rook.toolbox` (a selector) of the settings."""
    return InPod(namespace=namespace(cluster), selector=str(cluster.setting("rook", "toolbox", TOOLBOX)))


def ceph_argv(words: Sequence[str]) -> tuple[str, ...]:
    """The argv of a `ceph` command that answers in JSON."""
    return ("ceph", f"--connect-timeout={CONNECT_SECONDS}", *words, "--format=json")


def ceph(cluster: Cluster, *words: str, model: type[T], deadline: float = 30.0) -> T:
    """Ask Ceph and decode the answer.

    Args:
        cluster: whose toolbox is used.
        words: the command without `ceph`, e.g. `"osd", "tree"`.
        model: what the JSON is decoded into.
        deadline: seconds.

    Raises:
        NotInstalled: there is no toolbox pod.
        BadAnswer: cut off, no JSON, or not of that shape; names the command.
        ToolFailed, Unreachable, Forbidden, DeadlineExceeded, NotInSnapshot.

    """
    answer = cluster.tool(ceph_argv(words), place=toolbox(cluster), deadline=deadline)
    return decode_answer(answer.body, decoder_for(model), command=" ".join(("ceph", *words)))


def ceph_together(cluster: Cluster, commands: Sequence[Sequence[str]], *, deadline: float = 20.0) -> Answers:
    """Ask Ceph several things through one `ceph` process, which starts and connects once.

    Args:
        cluster: whose toolbox is used.
        commands: each without `ceph`.
        deadline: seconds for all.

    Returns:
        An answer each, undecoded; None where a command failed: `ceph` tells how.

    """
    session = Session(
        argv=("ceph", f"--connect-timeout={CONNECT_SECONDS}", "--format=json"),
        lines=tuple(" ".join(words) for words in commands),
        mark="fsid",
        # `ceph` knows no command that ends it, but gives up at a line that it can't parse.
        end='"',
    )
    argvs = [ceph_argv(words) for words in commands]
    return cluster.tools(argvs, place=toolbox(cluster), session=session, deadline=deadline)


def decode_answer(body: bytes, decoder: "msgspec.json.Decoder[T]", *, command: str) -> T:
    """Decode what a `ceph` command said.

    Raises:
        BadAnswer: names the command.

    """
    return decode(body, decoder, where=f"`{command}`")
