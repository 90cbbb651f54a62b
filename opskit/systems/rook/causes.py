"""Why an OSD is down, as far as Kubernetes, the crash list and Ceph's own log can tell."""

import re
from datetime import datetime

from opskit.core.findings import Data, Evidence
from opskit.core.kinds_workloads import ContainerStatus, Pod
from opskit.core.parts import known
from opskit.systems.rook.answers_daemons import Crash, LogLine
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.workloads import Node


class Cause(Data, frozen=True):
    """A sentence that says why, what shows it, and whether the whole node is to blame."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    node_at_fault: bool = False
    stopped_on_purpose: bool = False


def of_osd(osd: Osd, facts: Facts) -> Cause:
    """Why this OSD is down: the first of node, operator, deployment, pod and process that explains it."""
    told = tuple(_from_log(osd.name, known(facts.log, [])))
    crashed = tuple(_from_crashes(osd.name, known(facts.crashes, [])))
    found = (
        of_node(_node(osd, facts)) or of_deployment(osd, facts) or of_pods(osd.pods) or _still_running(osd)
    )
    if found is None:
        return Cause(text=_untold(told), evidence=(*crashed, *told))
    return Cause(
        text=found.text,
        evidence=(*found.evidence, *crashed, *told),
        node_at_fault=found.node_at_fault,
        stopped_on_purpose=found.stopped_on_purpose,
    )


def _node(osd: Osd, facts: Facts) -> Node | None:
    return facts.node_of.get(osd.node or osd.host)


def of_node(node: Node | None) -> Cause | None:
    """The node, when it is not Ready."""
    ready = (
        next((each for each in (node.status.conditions or []) if each.type == "Ready"), None)
        if node
        else None
    )
    if node is None or ready is None or ready.status == "True":
        return None
    since = f" since {clock(ready.last_transition_time)}" if ready.last_transition_time else ""
    why = f" ({ready.reason}: {ready.message})" if ready.reason else ""
    return Cause(
        text=f"Node {node.name} is not Ready{since}{why}.",
        evidence=(
            Evidence(
                text=f"node {node.name}: Ready={ready.status}", command=f"kubectl describe node {node.name}"
            ),
        ),
        node_at_fault=True,
    )


def of_deployment(osd: Osd, facts: Facts) -> Cause | None:
    """The deployment, when it is gone or scaled to 0."""
    if isinstance(facts.deployments, list) and osd.deployment is None and not osd.pods:
        return Cause(
            text=f"Deployment rook-ceph-osd-{osd.id} does not exist, so nothing starts the OSD.",
            evidence=(
                _shows(facts.namespace, f"get deployment rook-ceph-osd-{osd.id}", "no such deployment"),
            ),
        )
    if osd.deployment is None or osd.deployment.spec.replicas != 0:
        return None
    paused = operator_paused(facts)
    also = " The operator is scaled to 0 too, so Rook will not bring it back." if paused else ""
    return Cause(
        text=f"Deployment {osd.deployment.name} is scaled to 0: somebody stopped the OSD.{also}",
        evidence=(_shows(facts.namespace, f"get deployment {osd.deployment.name}", "spec.replicas is 0"),),
        stopped_on_purpose=True,
    )


def operator_paused(facts: Facts) -> bool:
    """Whether Rook's operator is deployed and scaled to 0."""
    return any(each.spec.replicas == 0 for each in known(facts.operator, []))


def of_pods(pods: tuple[Pod, ...]) -> Cause | None:
    """The daemon's newest pod, when it does not run."""
    return next((found for pod in reversed(pods) if (found := of_pod(pod)) is not None), None)


def of_pod(pod: Pod) -> Cause | None:
    """A pod that can't be scheduled, started or kept alive."""
    unscheduled = next(
        (
            each
            for each in pod.status.conditions or []
            if each.type == "PodScheduled" and each.status == "False"
        ),
        None,
    )
    if unscheduled is not None:
        return _pod_cause(pod, f"can't be scheduled: {unscheduled.message or unscheduled.reason}")
    for container in (*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])):
        if (trouble := _trouble(container)) is not None:
            return _pod_cause(pod, trouble)
    if pod.status.phase in ("Failed", "Pending", "Unknown"):
        return _pod_cause(
            pod, f"is {pod.status.phase}: {pod.status.reason} {pod.status.message}".rstrip(": ")
        )
    return None


def _pod_cause(pod: Pod, trouble: str) -> Cause:
    command = f"describe pod {pod.name}"
    return Cause(
        text=f"Pod {pod.name} {trouble}.",
        evidence=(_shows(pod.namespace or "", command, f"{pod.name} {trouble}"),),
    )


def _trouble(container: ContainerStatus) -> str | None:
    waiting, last = container.state.waiting, container.state.terminated or container.last_state.terminated
    if waiting is None and (
        container.state.running or last is None or (last.exit_code == 0 and not container.ready)
    ):
        return None
    ended = ""
    if last is not None:
        how = f"signal {last.signal}" if last.signal else f"exit code {last.exit_code}"
        ended = f"ended with {last.reason or 'Error'} ({how}{_known_exit(last.exit_code)})"
    if waiting is None:
        return f"container {container.name} {ended}"
    restarts = f" after {container.restart_count} restarts" if container.restart_count else ""
    tail = f", it {ended}" if ended else f": {waiting.message}" if waiting.message else ""
    return f"container {container.name} waits in {waiting.reason}{restarts}{tail}"


def _known_exit(code: int) -> str:
    return {137: ", killed by SIGKILL", 134: ", aborted by an assertion", 139: ", segmentation fault"}.get(
        code, ""
    )


def _still_running(osd: Osd) -> Cause | None:
    if not any(_ready(pod) for pod in osd.pods):
        return None
    pod = next(pod for pod in osd.pods if _ready(pod))
    return Cause(
        text=(
            f"Pod {pod.name} is Ready, yet the monitors hold {osd.name} for down: its peers can't reach it "
            "(network, firewall, a hung disk), or the flag noup keeps it out."
        ),
        evidence=(_shows(pod.namespace or "", f"logs {pod.name} -c osd --tail=50", f"{pod.name} is Ready"),),
    )


def _ready(pod: Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])


def _from_log(daemon: str, lines: list[LogLine]) -> list[Evidence]:
    wanted = re.compile(rf"^{re.escape(daemon)} (failed|marked itself down|reported|marked down|is down)")
    found = [line for line in lines if wanted.match(line.message)]
    return [
        Evidence(text=f"{line.stamp[:19]}: {line.message}", command="ceph log last 300 info cluster")
        for line in found[-2:]
    ]


def _from_crashes(daemon: str, crashes: list[Crash]) -> list[Evidence]:
    fresh = [crash for crash in crashes if crash.entity_name == daemon and not crash.archived]
    return [
        Evidence(
            text=f"{crash.entity_name} crashed at {crash.timestamp[:19]}: "
            f"{crash.assert_msg.strip()[:200] or 'no assertion'}",
            command=f"ceph crash info {crash.crash_id}",
        )
        for crash in fresh[-2:]
    ]


def _untold(told: tuple[Evidence, ...]) -> str:
    text = told[-1].text if told else ""
    if "connection refused" in text:
        return "The process is gone: its peers' connections were refused."
    if "marked itself down" in text:
        return "The OSD was stopped in good order: it told the monitors that it goes down."
    if "failed" in text:
        return "Its peers heard no heartbeat: the host, its network or the disk hangs."
    return "Why it went down could not be told: neither Kubernetes nor Ceph's log says."


def _shows(namespace: str, command: str, text: str) -> Evidence:
    return Evidence(text=text, command=f"kubectl -n {namespace} {command}")


def clock(when: datetime) -> str:
    """A moment as people write it, in UTC."""
    return f"{when:%Y-%m-%d %H:%M} UTC"
