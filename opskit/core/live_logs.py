"""Logs of a component's pods."""

import time

import msgspec

from opskit.core.answers import decode, decoder_for
from opskit.core.errors import DeadlineExceeded, NotInstalled
from opskit.core.kinds import resource_path
from opskit.core.kinds_workloads import Pod
from opskit.core.live_api import ApiServer
from opskit.core.live_faults import refusal, status_of
from opskit.core.reads import ReadLogs

LIMIT = 10 << 20
"""Bytes a pod: the newest of a log that talks too much would not be worth the memory."""
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


class _Pods(msgspec.Struct, frozen=True):
    items: list[Pod] = []


def read_logs(api: ApiServer, read: ReadLogs, *, deadline: float) -> bytes:
    """The logs of all pods of the selector, each line prefixed `pod: `.

    Raises:
        NotInstalled: no pod matches.
        ReadError: pods or logs can't be read.

    """
    until = time.monotonic() + deadline
    path = resource_path("", "v1", "pods", namespace=read.namespace)
    answer = api.read(path, query={"labelSelector": read.selector}, deadline=deadline, resource="pods")
    pods = decode(answer.body, decoder_for(_Pods), where=f"GET {api.address}{path}").items
    if not pods:
        raise NotInstalled(
            f"No pod matches {read.selector}.",
            where=f"namespace {read.namespace}",
            hint="check namespace and selector",
        )
    return b"".join(_log(api, read, pod, until) for pod in pods)


def _log(api: ApiServer, read: ReadLogs, pod: Pod, until: float) -> bytes:
    path = resource_path("", "v1", "pods", namespace=read.namespace, name=pod.name) + "/log"
    query = {"sinceSeconds": str(read.since_seconds), "limitBytes": str(LIMIT)}
    if container := read.container or _main_container(pod):
        query["container"] = container
    left = until - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded(
            "Not all logs came in time.", sent=True, where=path, hint="ask for fewer pods or a shorter window"
        )
    response = api.request("GET", path, query=query, deadline=left, retry=True)
    prefix = f"{pod.name}: ".encode()
    if response.status == 400:
        # A container that has not started has no log, which is a fact about this pod only.
        return prefix + b"(no log) " + status_of(response).message.encode() + b"\n"
    if response.status != 200:
        raise refusal(response, where=f"GET {api.address}{path}", resource="pods")
    return b"".join(prefix + line + b"\n" for line in response.body.splitlines())


def _main_container(pod: Pod) -> str:
    containers = pod.spec.containers or []
    return pod.annotations.get(DEFAULT_CONTAINER) or (containers[0].name if containers else "")
