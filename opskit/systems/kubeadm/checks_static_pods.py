"""The control plane's static pods: what their nodes say of them, and else what the API server does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread
from opskit.systems.kubeadm import kinds
from opskit.systems.kubeadm.answers_machines import Machine
from opskit.systems.kubeadm.checks_machines import halted
from opskit.systems.kubeadm.checks_nodes import silent
from opskit.systems.kubeadm.facts import COMPONENTS, Facts
from opskit.systems.kubeadm.judging import finding

_PAGE = "reference/setup-tools/kubeadm/implementation-details/"
_STORE = ("etcd", "kube-apiserver")
"""The ones that the others of their node live by, in this order."""
_JUST_NOW = timedelta(minutes=1)
"""Where no pod tells what is ready: one that was restarted since is taken for one that ends again."""


class Stopped(NamedTuple):
    """A static pod that does not do its work."""

    node: str
    component: str
    how: str
    """`missing`, `ended`, or `unready`."""
    told: str
    """What is known of why."""


def stopped(facts: Facts) -> list[Stopped]:
    """Static pods that are missing, have ended, or are not ready."""
    external = isinstance(facts.configuration, dict) and "external" in (facts.configuration.get("etcd") or {})
    wanted = [each for each in COMPONENTS if not (each == "etcd" and external)]
    away = silent(facts)
    found = [_state(facts, node, name, away) for node in facts.plane_names for name in wanted]
    return [each for each in found if each is not None]


def _state(facts: Facts, node: str, component: str, away: set[str]) -> Stopped | None:
    machine = facts.machine(node)
    if machine is None or isinstance(machine.manifests, Unread):
        return None if node in away else _by_pod(facts, node, component)
    if component not in machine.manifests:
        return Stopped(node, component, "missing", "")
    said = machine.last_words.get(component, "")
    if machine.runs(component) is False:
        return Stopped(node, component, "ended", said)
    # Between two ends of a crash loop it runs for seconds: what it said at the last one still tells why.
    if said and not _vouched(facts, machine, node, component):
        return Stopped(node, component, "ended", said)
    return None if node in away else _by_pod(facts, node, component, there=True)


def _vouched(facts: Facts, machine: Machine, node: str, component: str) -> bool:
    """Whether one that ended and runs again is known to do its work.

    Its pod knows only what kubelet could report: of a container that was made since, it says nothing.
    """
    if isinstance(facts.static_pods, Unread):
        return component not in _STORE or not machine.restarted(component, since=facts.now - _JUST_NOW)
    last, pod = machine.newest(component), _pod(facts, node, component)
    if last is None or pod is None or not _is_ready(pod):
        return False
    return any(each.container_id.endswith(f"//{last.id}") for each in pod.status.container_statuses or [])


def _pod(facts: Facts, node: str, component: str) -> kinds.Pod | None:
    return next((each for each in facts.component(component) if each.spec.node_name == node), None)


def _by_pod(facts: Facts, node: str, component: str, *, there: bool = False) -> Stopped | None:
    if isinstance(facts.static_pods, Unread):
        return None
    pod = _pod(facts, node, component)
    if pod is None:
        return None if there else Stopped(node, component, "missing", "")
    return None if _is_ready(pod) else Stopped(node, component, "unready", _last_word(pod))


def told(each: Stopped) -> str:
    """Why one does not do its work, in a sentence."""
    if each.how == "missing":
        file = f"/etc/kubernetes/manifests/{each.component}.yaml"
        return f"{each.node} has no {file}: it was moved away or deleted."
    return f"On {each.node} {each.component} says last: {each.told}." if each.told else ""


def broken_stores(facts: Facts) -> dict[str, set[str]]:
    """Node → those of etcd and kube-apiserver that do not run there."""
    found: dict[str, set[str]] = {}
    for each in stopped(facts):
        if each.component in _STORE and each.how != "unready":
            found.setdefault(each.node, set()).add(each.component)
    return found


def static_pod(facts: Facts) -> Iterator[Finding]:
    """Static pods that do not do their work; those that only miss another one of their node are left out."""
    stores, stuck = broken_stores(facts), halted(facts)
    for each in stopped(facts):
        behind = _STORE.index(each.component) if each.component in _STORE else len(_STORE)
        if stores.get(each.node, set()) & set(_STORE[:behind]) or each.node in stuck:
            continue
        yield _missing(facts, each) if each.how == "missing" else _unready(facts, each)


def _is_ready(pod: kinds.Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])


def _last_word(pod: kinds.Pod) -> str:
    for each in pod.status.container_statuses or []:
        if each.state.waiting:
            return f"{each.name} waits: {each.state.waiting.reason} {each.state.waiting.message}".strip()
        if each.state.terminated:
            ended = each.state.terminated
            return f"{each.name} ended with exit code {ended.exit_code} ({ended.reason or 'no reason given'})"
        if not each.ready:
            return f"{each.name} runs and fails its probe; restarts: {each.restart_count}"
    return f"phase {pod.status.phase or 'unknown'}"


def _effect(facts: Facts, each: Stopped) -> list[Evidence]:
    """What the loss of it does to the API, where it does."""
    if each.component not in _STORE or not facts.silent_api:
        return []
    return [Evidence(text=f"No API server answers: {facts.silent_api}", command="kubectl get --raw /readyz")]


def _missing(facts: Facts, each: Stopped) -> Finding:
    node, component = each.node, each.component
    file = f"/etc/kubernetes/manifests/{component}.yaml"
    seen = facts.machine(node) is not None
    return finding(
        "STATIC_POD_MISSING",
        Severity.CRITICAL,
        f"{component} on {node}",
        f"{node} runs no {component}.",
        evidence=[
            Evidence(text=f"There is no {file}.", command=f"ls /etc/kubernetes/manifests   # on {node}")
            if seen
            else Evidence(
                text=f"No pod component={component} is on {node}.",
                command=f"kubectl -n kube-system get pods -l component={component} -o wide",
            ),
            *_effect(facts, each),
        ],
        cause=told(each)
        if seen
        else f"{file} is missing, moved away, or does not parse: the kubelet's log names the file then.",
        remedy=Remedy(
            text=f"On {node}: put {file} back where somebody moved it; else "
            f"`kubeadm init phase {_phase(component)}` writes it anew."
        ),
        source=_PAGE,
    )


def _phase(component: str) -> str:
    return "etcd local" if component == "etcd" else f"control-plane {component.removeprefix('kube-')}"


def _unready(facts: Facts, each: Stopped) -> Finding:
    node, component = each.node, each.component
    logs = f"crictl logs $(crictl ps -a --name {component} -q | head -1)   # on {node}"
    ended = each.how == "ended"
    return finding(
        "STATIC_POD_NOT_READY",
        Severity.CRITICAL if component in _STORE else Severity.ERROR,
        f"{component} on {node}",
        f"{component} on {node} {'ends again and again' if ended else 'is not ready'}.",
        evidence=[
            Evidence(text=f"It said last: {each.told or 'nothing'}", command=logs)
            if ended
            else Evidence(text=each.told, command=f"kubectl -n kube-system describe pod {component}-{node}"),
            *_effect(facts, each),
        ],
        cause=f"It says so itself: {each.told}"
        if ended and each.told
        else "A static pod has no controller: its kubelet restarts it, and its own log says why it ends.",
        remedy=Remedy(
            text=f"On {node}: mend what it names in /etc/kubernetes/manifests/{component}.yaml; "
            f"`kubeadm init phase {_phase(component)}` writes that file anew."
            if ended
            else f"`kubectl -n kube-system logs {component}-{node} --previous`, or `{logs}`."
        ),
        source=_PAGE,
    )
