"""How parts of the facts are read: each on its own, at the same time, and failing alone."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from opskit.core.cluster import Cluster, decode
from opskit.core.errors import BadAnswer, NotInstalled, ReadError
from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object
from opskit.core.reads import Answers, InPod, Session

T = TypeVar("T")
ObjectT = TypeVar("ObjectT", bound=Object)

NAMESPACE = "rook-ceph"
TOOLBOX = "app=rook-ceph-tools"
WORKERS = 6
"""Commands in flight at once: each is a `ceph` process in the toolbox."""

CONNECT_SECONDS = 10
"""After which `ceph` gives up on monitors that do not answer."""


class Unread(Data, frozen=True):
    """A part that could not be read, and why."""

    part: str
    """The command or resource."""
    error: str
    """The error's class: `Forbidden`, `NotInstalled`, `BadAnswer`, …"""
    reason: str
    """What happened, where, and what to do next."""


Job = Callable[[], Any]


def settle(jobs: Mapping[str, Job]) -> dict[str, Any]:
    """Run all jobs at the same time; one that fails to read leaves an `Unread`, and the rest goes on."""
    if not jobs:
        return {}
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(jobs)), thread_name_prefix="rook") as pool:
        running = {name: pool.submit(attempt, name, job) for name, job in jobs.items()}
        return {name: future.result() for name, future in running.items()}


def attempt(part: str, job: Callable[[], T]) -> T | Unread:
    """The job's answer, or why there is none."""
    try:
        return job()
    except ReadError as error:
        return Unread(part=part, error=type(error).__name__, reason=str(error))


def known(part: T | Unread, default: T) -> T:
    """The part, or `default` when it could not be read."""
    return default if isinstance(part, Unread) else part


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
    return decode_answer(answer.body, msgspec.json.Decoder(model), command=" ".join(("ceph", *words)))


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


def listed(cluster: Cluster, kind: Kind[ObjectT], *, namespace: str | None) -> list[ObjectT]:
    """All objects of a kind; a missing CRD is an empty list, because nothing can be of it."""
    try:
        return cluster.list(kind, namespace=namespace)
    except NotInstalled:
        return []


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One series of an instant query."""

    metric: dict[str, str]
    value: tuple[float, str]


class Vector(msgspec.Struct, frozen=True, gc=False):
    """The data of an instant query."""

    result: list[Sample] = msgspec.field(default_factory=list[Sample])


class VectorAnswer(msgspec.Struct, frozen=True, gc=False):
    """Prometheus' answer to an instant query."""

    status: str = ""
    error: str = ""
    data: Vector = msgspec.field(default_factory=Vector)


def vector(cluster: Cluster, query: str, *, label: str) -> dict[str, float]:
    """An instant query's values by one label; samples that are no number are left out.

    Raises:
        NotInstalled: there is no Prometheus.
        BadAnswer: it refused the query or its answer can't be used.

    """
    body = cluster.metrics(query)
    answer = decode(body, msgspec.json.Decoder(VectorAnswer), where=f"Prometheus, {query}")
    if answer.status != "success":
        raise BadAnswer(f"Prometheus refused the query: {answer.error}", where=query, hint="try it in its UI")
    values = ((sample.metric.get(label, ""), _number(sample.value[1])) for sample in answer.data.result)
    return {name: value for name, value in values if value is not None}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None
