"""A small cluster, as its objects would tell of it, and ways to change it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from opskit.core.parts import Unread, known
from opskit.systems.kubeadm import answers, kinds
from opskit.systems.kubeadm.answers_machines import (
    EXITED,
    RUNNING,
    Container,
    ContainerName,
    Disk,
    Machine,
    Validity,
)
from opskit.systems.kubeadm.facts import COMPONENTS, Facts

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
UNREAD = Unread(part="pods", error="Forbidden", reason="The server refuses it.")


def convert(model: Any, value: Any) -> Any:
    return msgspec.convert(value, model)


def node(
    name: str, *, plane: bool = False, ready: str = "True", version: str = "v1.37.2", **spec: Any
) -> kinds.Node:
    labels = {kinds.CONTROL_PLANE: ""} if plane else {}
    condition = {
        "type": "Ready",
        "status": ready,
        "reason": "KubeletReady" if ready == "True" else "NodeStatusUnknown",
    }
    return convert(
        kinds.Node,
        {
            "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels},
            "spec": spec,
            "status": {"conditions": [condition], "nodeInfo": {"kubeletVersion": version}},
        },
    )


def under_pressure(found: kinds.Node, name: str) -> kinds.Node:
    held = msgspec.to_builtins(found)
    condition = {"type": name, "status": "True", "reason": f"KubeletHas{name}", "message": "kubelet has it"}
    held["status"]["conditions"].append(condition)
    return convert(kinds.Node, held)


def static_pod(
    component: str,
    host: str,
    *,
    ready: bool = True,
    version: str = "v1.37.2",
    attempt: int = 0,
    **status: Any,
) -> kinds.Pod:
    """Its pod; `attempt`: of the container that its kubelet reported last."""
    reported = {"name": component, "containerID": f"containerd://{component}-{attempt}", "ready": ready}
    return convert(
        kinds.Pod,
        {
            "metadata": {
                "name": f"{component}-{host}",
                "namespace": "kube-system",
                "labels": {"component": component, "tier": "control-plane"},
                "annotations": {kinds.MIRROR: "x"},
            },
            "spec": {
                "nodeName": host,
                "containers": [{"name": component, "image": f"registry.k8s.io/{component}:{version}"}],
            },
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": str(ready)}],
                "containerStatuses": [reported],
                **status,
            },
        },
    )


def pod(
    name: str,
    host: str,
    *,
    owner: str = "ReplicaSet",
    labels: dict[str, str] | None = None,
    volumes: list[Any] | None = None,
) -> kinds.Pod:
    owners = [{"kind": owner, "name": "o", "controller": True}] if owner else []
    meta = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "labels": labels or {},
        "ownerReferences": owners,
    }
    return convert(
        kinds.Pod,
        {
            "metadata": meta,
            "spec": {"nodeName": host, "volumes": volumes or []},
            "status": {"phase": "Running"},
        },
    )


def budget(
    name: str, *, labels: dict[str, str], allowed: int, healthy: int, wanted: int, expected: int
) -> kinds.PodDisruptionBudget:
    return convert(
        kinds.PodDisruptionBudget,
        {
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"matchLabels": labels}},
            "status": {
                "disruptionsAllowed": allowed,
                "currentHealthy": healthy,
                "desiredHealthy": wanted,
                "expectedPods": expected,
            },
        },
    )


def certificates(*, days: float) -> answers.CertificateReport:
    end = NOW + timedelta(days=days)
    return answers.CertificateReport(
        certificates=[
            answers.Certificate(name=name, expiration_date=end) for name in ("admin.conf", "apiserver")
        ],
        certificate_authorities=[answers.Certificate(name="ca", expiration_date=NOW + timedelta(days=3000))],
    )


def member(name: str, number: int, *, learner: bool = False) -> answers.Member:
    return answers.Member(
        id=number,
        name=name,
        client_urls=[f"https://{name}:2379"],
        peer_urls=[f"https://{name}:2380"],
        is_learner=learner,
    )


def endpoint(name: str, **status: Any) -> answers.Endpoint:
    held = {
        "version": "3.7.3",
        "db_size": 40 * 1024**2,
        "db_size_in_use": 30 * 1024**2,
        "leader": 1,
        **status,
    }
    return answers.Endpoint(endpoint=f"https://{name}:2379", status=answers.MemberState(**held))


def deployment(name: str, *, replicas: int, ready: int) -> kinds.Deployment:
    return convert(
        kinds.Deployment,
        {
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"replicas": replicas},
            "status": {"readyReplicas": ready},
        },
    )


def machine(*, ended: dict[str, str] | None = None, without: tuple[str, ...] = (), **changed: Any) -> Machine:
    """A control plane that is well, but for static pods that ended with last words or have no manifest."""
    over = ended or {}
    there = [name for name in COMPONENTS if name not in without]
    healthy: dict[str, Any] = {
        "services": {"kubelet": "active", "containerd": "active", "crio": "inactive"},
        "client": Validity(begins=NOW - timedelta(days=100), ends=NOW + timedelta(days=265)),
        "disks": [Disk(mount="/var/lib/etcd", taken=50 * 1024**3, free=50 * 1024**3)],
        "manifests": there,
        "containers": [
            Container(
                id=name,
                metadata=ContainerName(name=name),
                state=EXITED if name in over else RUNNING,
                created_at="1",
            )
            for name in there
        ],
        "last_words": over,
    }
    return Machine(**{**healthy, **changed})


def container(name: str, state: str = RUNNING, *, attempt: int = 0, ago: float = 0) -> Container:
    """One that was made so many seconds ago."""
    made = NOW - timedelta(seconds=ago)
    return Container(
        id=f"{name}-{attempt}",
        metadata=ContainerName(name=name, attempt=attempt),
        state=state,
        created_at=str(int(made.timestamp()) * 10**9),
    )


def between_two_ends(component: str, words: str, *, ago: float = 2) -> Machine:
    """A control plane on which one ended, said why, and runs again since so many seconds."""
    held = [each for each in known(machine().containers, []) if each.metadata.name != component]
    again = [container(component, attempt=4, ago=ago), container(component, EXITED, attempt=3, ago=ago + 40)]
    return machine(containers=[*again, *held], last_words={component: words})


PLANES = ("cp1", "cp2", "cp3")


def facts(**changed: Any) -> Facts:
    """Three control planes and a worker, all well."""
    healthy: dict[str, Any] = {
        "now": NOW,
        "api": "v1.37.2",
        "configuration": {"kubernetesVersion": "v1.37.2"},
        "nodes": [*(node(name, plane=True) for name in PLANES), node("w1")],
        "static_pods": [static_pod(component, name) for name in PLANES for component in COMPONENTS],
        "dns": [deployment("coredns", replicas=2, ready=2)],
        "dns_pods": [pod("coredns-a", "cp1"), pod("coredns-b", "w1")],
        "budgets": [],
        "deprecated": [],
        "machines": {name: machine() for name in PLANES},
        "gaps": [],
        "certificates": {name: certificates(days=300) for name in PLANES},
        "served": {name: NOW + timedelta(days=300) for name in PLANES},
        "tokens": [],
        "members": answers.Members(members=[member(name, n) for n, name in enumerate(PLANES, start=1)]),
        "endpoints": [endpoint(name) for name in PLANES],
        "health": [answers.Health(endpoint=f"https://{name}:2379", health=True) for name in PLANES],
        "alarms": answers.Alarms(),
    }
    return Facts(**{**healthy, **changed})
