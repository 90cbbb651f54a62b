"""What the tests of changing share: a namespace, plans of small real objects, and runs of them."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from opskit.core.approval import Approval, approve
from opskit.core.chain import Record
from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions, Held
from opskit.core.engine import Engine
from opskit.core.errors import NotFound
from opskit.core.journal import Journal, read
from opskit.core.kinds import Kind, Object
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import Credentials
from opskit.core.lock import LeaseLock, identity
from opskit.core.plan import Action, Condition, Draft, Lock, Plan, Scale, Step, Target, Undo
from opskit.core.planning import make_plan
from opskit.core.progress import Outcome
from opskit.core.writes import Writer
from opskit.sandbox import control_plane
from opskit.sandbox.kube import KubeApi
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

CODE = "0" * 64

conditions = Conditions()


class AnyObject(Object, frozen=True):
    """An object whose spec and data are looked at."""

    spec: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    data: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


DEPLOYMENTS = Kind("apps", "v1", "Deployment", "deployments", AnyObject)
CONFIGS = Kind("", "v1", "ConfigMap", "configmaps", AnyObject)


@conditions.named("test/has-replicas")
def has_replicas(cluster: Cluster, *, namespace: str, name: str, replicas: int) -> Held:
    """Whether a deployment wants so many replicas."""
    found = cluster.get(DEPLOYMENTS, name, namespace=namespace).spec["replicas"]
    return Held(ok=found == replicas, state=f"{name} has {found} replicas")


@conditions.named("test/has-value")
def has_value(cluster: Cluster, *, namespace: str, name: str, key: str, value: str | None) -> Held:
    """Whether a config map has this value; None: the key, or the object, is absent."""
    try:
        found = cluster.get(CONFIGS, name, namespace=namespace).data.get(key)
    except NotFound:
        found = None
    return Held(ok=found == value, state=f"{name}.{key} is {found}")


@conditions.named("test/file-holds")
def file_holds(cluster: Cluster, *, path: str, lines: int) -> Held:
    """Whether a file on this machine has so many lines."""
    file = Path(path)
    found = len(file.read_text().splitlines()) if file.exists() else 0
    return Held(ok=found == lines, state=f"{found} lines")


def deployment(namespace: str, name: str) -> Target:
    """A deployment as a target."""
    return Target(
        kind="Deployment", name=name, namespace=namespace, group="apps", version="v1", plural="deployments"
    )


def config(namespace: str, name: str) -> Target:
    """A config map as a target."""
    return Target(kind="ConfigMap", name=name, namespace=namespace, version="v1", plural="configmaps")


def open_at(kubeconfig: Path) -> Cluster:
    """The cluster of a kubeconfig's current context."""
    context = json.loads(kubeconfig.read_text())["current-context"]
    return Cluster(
        LiveReader(ApiServer(Credentials(kubeconfig=str(kubeconfig), context=context)), name=context)
    )


class Lab:
    """One test's namespace in the real API server.

    Attributes:
        api: a client that is not opskit's, to set up and to look from outside.
        cluster: opskit's handle.

    """

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.namespace = f"t-{uuid.uuid4().hex[:8]}"
        self.kubeconfig = site.state / "kubeconfig"
        self.api: KubeApi = control_plane.api(site, manager="kubectl")
        self.cluster = open_at(self.kubeconfig)

    def __enter__(self) -> Self:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.close()
        self.api.close()

    def path(self, plural: str, name: str = "", *, group: str = "") -> str:
        """The URL path of a resource in the namespace."""
        root = f"/apis/{group}/v1" if group else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def make_deployment(self, name: str, replicas: int = 1) -> Target:
        """A real deployment; no node runs its pods."""
        labels = {"app": name}
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "example.org/main:1"}]},
            },
        }
        self.api.create(self.path("deployments", group="apps"), {"metadata": {"name": name}, "spec": spec})
        return deployment(self.namespace, name)

    def make_config(self, name: str, **data: str) -> Target:
        """A real config map."""
        self.api.create(self.path("configmaps"), {"metadata": {"name": name}, "data": data})
        return config(self.namespace, name)

    def make_pod(self, name: str) -> Target:
        """A real pod, which no node runs."""
        body = {
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {
                "containers": [{"name": "main", "image": "example.org/main:1"}],
                "terminationGracePeriodSeconds": 0,
            },
        }
        self.api.create(self.path("pods"), body)
        return Target(kind="Pod", name=name, namespace=self.namespace, version="v1", plural="pods")

    def run_pod(self, name: str) -> None:
        """Let the pod's status say that it runs and is ready."""
        ready = {"type": "Ready", "status": "True"}
        status = {"phase": "Running", "conditions": [ready]}
        self.api.patch(self.path("pods", name) + "/status", {"status": status})

    def everything(self) -> dict[str, dict[str, str]]:
        """Name and data or spec of each object that a test made, as the API server says.

        Pods that controllers make of a deployment come in their own time and are left out.
        """
        kinds = {"configmaps": "", "deployments": "apps", "pods": ""}
        return {
            plural: {
                each["metadata"]["name"]: json.dumps([each.get("spec"), each.get("data")], sort_keys=True)
                for each in self.api.get(self.path(plural, group=group))["items"]
                if each["metadata"]["name"] != "kube-root-ca.crt"
                and "ownerReferences" not in each["metadata"]
            }
            for plural, group in kinds.items()
        }

    @contextmanager
    def policy(self, policy: dict[str, Any], *, sort: str = "validating") -> Iterator[None]:
        """A Validating- or MutatingAdmissionPolicy that is bound to this namespace."""
        root = "/apis/admissionregistration.k8s.io/v1"
        name = f"{policy['metadata']['name']}-{self.namespace}"
        where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}}
        binding: dict[str, Any] = {"policyName": name, "matchResources": where}
        if sort == "validating":
            binding["validationActions"] = ["Deny"]
        self.api.create(f"{root}/{sort}admissionpolicies", policy | {"metadata": {"name": name}})
        bindings = f"{root}/{sort}admissionpolicybindings"
        self.api.create(bindings, {"metadata": {"name": name}, "spec": binding})
        try:
            yield
        finally:
            self.api.delete(f"{bindings}/{name}")
            self.api.delete(f"{root}/{sort}admissionpolicies/{name}")

    def until(self, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something is so."""
        wait_until(holds, deadline=seconds, what="what the test waits for")

    def replicas(self, name: str) -> int:
        """As the API server says, asked outside of opskit."""
        return self.api.get(self.path("deployments", name, group="apps"))["spec"]["replicas"]

    def value(self, name: str, key: str) -> str | None:
        """As the API server says, asked outside of opskit."""
        found = self.api.find(self.path("configmaps", name))
        return (found or {}).get("data", {}).get(key)

    def lease(self) -> dict[str, Any]:
        """The lock's Lease, asked outside of opskit."""
        return self.api.get(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/opskit")

    def scaled(self, name: str, replicas: int) -> Condition:
        """That the deployment wants so many."""
        arguments = {"namespace": self.namespace, "name": name, "replicas": replicas}
        return Condition(
            name="test/has-replicas", arguments=arguments, text=f"{name} has {replicas} replicas"
        )

    def holding(self, name: str, key: str, value: str | None) -> Condition:
        """That the config map has the value."""
        arguments = {"namespace": self.namespace, "name": name, "key": key, "value": value}
        return Condition(name="test/has-value", arguments=arguments, text=f"{name}.{key} is {value}")

    def scale_step(self, name: str, *, before: int, after: int, id: str = "", **more: Any) -> Step:
        """Scale a deployment, and back."""
        return Step(
            id=id or f"scale-{name}-{after}",
            title=f"Scale {name} to {after}",
            action=Scale(replicas=after),
            target=deployment(self.namespace, name),
            reason="a test",
            postcondition=(self.scaled(name, after),),
            undo=Undo(action=Scale(replicas=before), postcondition=(self.scaled(name, before),)),
            **{"deadline_seconds": 20, **more},
        )

    def step(self, id: str, action: Action, target: Target, **more: Any) -> Step:
        """Any step."""
        return Step(
            id=id, title=id, action=action, target=target, reason="a test", **{"deadline_seconds": 20, **more}
        )

    def draft(self, *steps: Step, goal: Iterable[Condition] = ()) -> Draft:
        """A draft of these steps."""
        return Draft(title="A test", steps=steps, goal=tuple(goal), lock=self.lock)

    @property
    def lock(self) -> Lock:
        """The namespace's lock."""
        return Lock(namespace=self.namespace, name="opskit")

    def plan(
        self, *steps: Step, goal: Iterable[Condition] = (), cluster: Cluster | None = None, **more: Any
    ) -> Plan:
        """A plan of these steps, pinned and previewed."""
        at = cluster or self.cluster
        named = {"runbook": "test/test", "system": "test", "parameters": {}, "code": CODE, **more}
        return make_plan(self.draft(*steps, goal=goal), at, Writer(at), **named)

    def approved(self, plan: Plan) -> Approval:
        """An approval with every name typed."""
        typed = [step.confirm for step in plan.steps if step.confirm]
        return approve(plan, by="tester", lasts=timedelta(hours=1), confirmations=typed)

    def journal(self, run: str = "run-1") -> Journal:
        """The run's journal, new or opened again."""
        path = self.folder / run / "journal.jsonl"
        path.parent.mkdir(exist_ok=True)
        heads = self.folder / "heads"
        return (
            Journal.open(path, heads=heads) if path.exists() else Journal.create(path, run=run, heads=heads)
        )

    def engine(self, plan: Plan, journal: Journal, *, cluster: Cluster | None = None, **more: Any) -> Engine:
        """An engine of the plan."""
        at = cluster or self.cluster
        given: dict[str, Any] = {"seconds": 9.0, "take_over": False} | {
            key: more.pop(key) for key in ("seconds", "take_over") if key in more
        }
        lock = LeaseLock(at, plan.lock, holder=identity(journal.run), run=journal.run, **given)
        parts: dict[str, Any] = {"conditions": conditions, "writer": Writer(at), "code": CODE, **more}
        parts.setdefault("approval", self.approved(plan))
        return Engine(at, plan, journal=journal, lock=lock, **parts)

    def apply(self, plan: Plan, run: str = "run-1", **more: Any) -> Outcome:
        """Apply a plan in a run of its own."""
        with self.journal(run) as journal:
            return self.engine(plan, journal, **more).apply()


def _made_elsewhere(metadata: dict[str, Any]) -> bool:
    return metadata["name"] == "kube-root-ca.crt" or "ownerReferences" in metadata


def phases(journal: Journal) -> list[tuple[str, str]]:
    """Step and phase of each record."""
    return [(record.step, record.phase) for record in journal.records]


class Process:
    """A run in a process of its own.

    Args:
        lab: where.
        plan: what it applies.
        run: the run's id.

    """

    def __init__(self, lab: Lab, plan: Plan, run: str = "run-1") -> None:
        self.lab = lab
        self.plan = plan
        self.folder = lab.folder / run
        self.folder.mkdir(exist_ok=True)
        (self.folder / "plan.json").write_bytes(msgspec.json.encode(plan))
        lab.approved(plan).save(self.folder / "approval.json")

    def start(self, **settings: Any) -> "subprocess.Popen[str]":
        """Start it; its output is a pipe."""
        kubeconfig = settings.pop("kubeconfig", self.lab.kubeconfig)
        env = os.environ | settings.pop("env", {})
        whole = {"kubeconfig": str(kubeconfig), "folder": str(self.folder), **settings}
        file = self.folder / "settings.json"
        file.write_bytes(msgspec.json.encode(whole))
        script = Path(__file__).with_name("changing_runner.py")
        return subprocess.Popen(
            [sys.executable, str(script), str(file)], stdout=subprocess.PIPE, text=True, env=env
        )

    def run(self, **settings: Any) -> tuple[int, Outcome | None]:
        """Run it to its end: exit code, and the outcome if it lived to tell."""
        process = self.start(**settings)
        said, _ = process.communicate(timeout=120)
        return process.returncode, told(said)

    def records(self) -> list[Record]:
        """The journal as it is, verified."""
        return read(self.folder / "journal.jsonl", heads=self.lab.folder / "heads")


def told(said: str) -> Outcome | None:
    """The outcome that a run printed last."""
    lines = said.strip().splitlines()
    return msgspec.json.decode(lines[-1], type=Outcome) if lines and lines[-1].startswith("{") else None


def normalised(records: Iterable[Record]) -> list[tuple[str, str, str]]:
    """What a run came to: the last record of each phase of each step, without times, versions and detours."""
    kept = ("intent", "acknowledged", "done", "already", "skipped", "ended")
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        if record.phase in kept:
            last[record.step, record.phase] = record.data
    return [(step, phase, _essence(phase, data)) for (step, phase), data in last.items()]


def _essence(phase: str, data: dict[str, Any]) -> str:
    told = {
        "intent": ("action", "target", "request", "changes"),
        "done": ("states",),
        "ended": ("status", "goal"),
    }
    return json.dumps({key: data.get(key) for key in told.get(phase, ())}, sort_keys=True)
