"""Commands in pods, over the API server's exec websocket.

Follows https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ and the
channel protocol `v5.channel.k8s.io` (`v4` without half-close).
"""

import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from opskit.core.answers import decode, decoder_for
from opskit.core.errors import BadAnswer, DeadlineExceeded, NotInstalled, OpsError, PodNotReady, Unreachable
from opskit.core.kinds import resource_path
from opskit.core.live_api import ApiServer
from opskit.core.live_http import LARGEST, broken
from opskit.core.live_retry import never_sent, retried
from opskit.core.live_websocket import connect
from opskit.core.reads import Answer, InPod, NamedPod

_CODE = re.compile(r"exit (?:status|code) (\d{1,3})\s*$")

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class PodState(msgspec.Struct, frozen=True):
    """What decides whether a command can run in a pod."""

    name: str
    ready: bool
    phase: str
    container: str | None = None


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    deletion_timestamp: str | None = None


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""


class _Status(msgspec.Struct, frozen=True):
    phase: str = ""
    conditions: list[_Condition] | None = None


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Meta
    status: _Status = _Status()


class _Pods(msgspec.Struct, frozen=True):
    items: list[_Pod] | None = None


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    causes: list[_Cause] | None = None


class _End(msgspec.Struct, frozen=True):
    """The Status object on the error channel."""

    status: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


def ready_pod(api: ApiServer, place: InPod, *, deadline: float) -> str:
    """Name of the first Ready pod that the selector finds.

    Raises:
        NotInstalled: no pod matches.
        PodNotReady: of those that match, none is Ready.
        ReadError: the pods could not be listed.

    """
    response = api.read(
        resource_path("", "v1", "pods", namespace=place.namespace),
        query={"labelSelector": place.selector},
        deadline=deadline,
        resource="pods",
    )
    where = f"pods in {place.namespace}"
    pods = decode(response.body, decoder_for(_Pods), where=where).items or []
    if not pods:
        raise NotInstalled(
            f"No pod matches {place.selector}.", where=f"namespace {place.namespace}", hint=_INSTALL
        )
    for pod in pods:
        if _is_ready(pod):
            return pod.metadata.name
    states = ", ".join(f"{pod.metadata.name}: {pod.status.phase or 'no phase'}" for pod in pods[:5])
    raise PodNotReady(
        f"No pod of {place.selector} is Ready ({states}).",
        sent=False,
        where=f"namespace {place.namespace}",
        hint=f"see `kubectl -n {place.namespace} describe pod -l {place.selector}`",
    )


_INSTALL = "start that pod, or name the right namespace and selector in opskit.toml"


def _is_ready(pod: _Pod) -> bool:
    conditions = {each.type: each.status for each in pod.status.conditions or []}
    return pod.metadata.deletion_timestamp is None and conditions.get("Ready") == "True"


def run_in_pod(
    api: ApiServer,
    argv: Sequence[str],
    place: InPod | NamedPod,
    *,
    deadline: float,
    lines: Sequence[str] = (),
) -> Answer:
    """Run a command in a pod, once: in the one that is named, or in the first Ready one.

    Args:
        api: the API server.
        argv: program and arguments.
        place: namespace, selector or name, container.
        deadline: seconds for finding the pod, and for the command to end.
        lines: of its standard input.

    Raises:
        NotInstalled: no such pod or program.
        Unreachable, DeadlineExceeded: `sent` is False when the command can't have started.
        Forbidden, Unauthorized, BadAnswer.

    """
    until = time.monotonic() + deadline
    pod = place.name if isinstance(place, NamedPod) else ready_pod(api, place, deadline=deadline)
    path = resource_path("", "v1", "pods", namespace=place.namespace, name=pod) + "/exec"
    query = [("command", part) for part in argv] + [("stdout", "true"), ("stderr", "true")]
    if place.container:
        query.append(("container", place.container))
    if lines:
        query.append(("stdin", "true"))
    socket = _connected(api, path, query, until)
    where = f"`{argv[0]}` in pod {place.namespace}/{pod}"
    try:
        _say(socket, lines, where, deadline)
        channels = _collect(socket, until, where, deadline)
    finally:
        socket.close(timeout=0)
        socket.shutdown()
    return _answer(channels, where)


def _connected(api: ApiServer, path: str, query: list[tuple[str, str]], until: float) -> Any:
    try:
        return retried(
            lambda timeout: connect(api, path, query, protocols=PROTOCOLS, timeout=timeout),
            deadline=until - time.monotonic(),
            budget=api.budget,
            passes=never_sent,
            shares=(1.0,),
        )
    except BadAnswer as error:
        raise NotInstalled(error.what, where=error.where, hint="check the container's name") from error


def _say(socket: Any, lines: Sequence[str], where: str, deadline: float) -> None:
    """Write to the command's standard input and end it, which only protocol v5 can."""
    import websocket

    if not lines:
        return
    if socket.getsubprotocol() != PROTOCOLS[0]:
        raise NotInstalled(
            "This API server can't end a command's standard input.",
            where=where,
            hint="run its commands one by one; servers since Kubernetes 1.30 can",
        )
    try:
        socket.send_binary(bytes([STDIN]) + "".join(f"{line}\n" for line in lines).encode())
        socket.send_binary(bytes([CLOSE, STDIN]))
    except (websocket.WebSocketException, OSError) as error:
        raise broken(error, where=where, timeout=deadline) from error


def _collect(socket: Any, until: float, where: str, deadline: float) -> dict[int, bytearray]:
    """All bytes of each channel, until the command's end is told or the server closes."""
    import websocket

    channels = {STDOUT: bytearray(), STDERR: bytearray(), ERROR: bytearray()}
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise _still_running(where, deadline)
        socket.settimeout(left)
        try:
            opcode, frame = socket.recv_data_frame(True)
        except websocket.WebSocketTimeoutException:
            raise _still_running(where, deadline) from None
        except websocket.WebSocketConnectionClosedException:
            return channels
        except (websocket.WebSocketException, OSError) as error:
            raise broken(error, where=where, timeout=deadline, answering=True) from error
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return channels
        data: bytes = frame.data
        if opcode in (websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_TEXT) and data:
            channels.setdefault(data[0], bytearray()).extend(data[1:])
        if sum(map(len, channels.values())) > LARGEST:
            raise BadAnswer(f"It printed more than {LARGEST >> 20} MiB.", where=where, hint="ask it for less")


def _still_running(where: str, deadline: float) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"The command had not ended after {round(deadline, 1):g} s.",
        sent=True,
        where=where,
        hint="it may still run there; try it by hand with `kubectl exec`",
    )


def _answer(channels: dict[int, bytearray], where: str) -> Answer:
    if not channels[ERROR]:
        raise Unreachable(
            "The connection ended before the command did.",
            sent=True,
            where=where,
            hint="look at the node and its kubelet",
        )
    code = _exit_code(bytes(channels[ERROR]), where)
    return Answer(
        body=bytes(channels[STDOUT]),
        exit_code=code,
        stderr=channels[STDERR].decode(errors="replace"),
    )


def _exit_code(status: bytes, where: str) -> int:
    try:
        end = decoder_for(_End).decode(status)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(
            f"The command's end can't be read: {status[:200]!r}",
            where=where,
            hint="try it with `kubectl exec`",
        ) from error
    if end.status == "Success":
        return 0
    causes = (end.details.causes if end.details else None) or []
    for cause in causes:
        if cause.reason == "ExitCode" and cause.message.isdecimal():
            return int(cause.message)
    # Some kubelets tell the code in words only.
    if told := _CODE.search(end.message):
        return int(told[1])
    raise _not_started(end, where)


def _not_started(end: _End, where: str) -> OpsError:
    missing = ("executable file not found", "no such file or directory", "container not found")
    if any(text in end.message for text in missing):
        return NotInstalled(
            f"The command could not be started: {end.message}",
            where=where,
            hint="check the image, or the toolbox",
        )
    return Unreachable(
        f"The command could not be run: {end.message or end.reason}",
        sent=None,
        where=where,
        hint="look at the node and its kubelet",
    )
