"""A plan, a runbook and a run to show."""

from datetime import UTC, datetime
from typing import Any

from opskit.core.plan import Change, Condition, Lock, Plan, Run, Scale, Step, Target, Undo, Wait
from opskit.core.reads import ClusterInfo, InPod
from opskit.runner.contract import Runbook
from opskit.runner.parameters import CLUSTER, Parameter

DEPLOYMENT = Target(
    kind="Deployment",
    name="rook-ceph-osd-3",
    namespace="rook-ceph",
    group="apps",
    version="v1",
    plural="deployments",
)

START = Step(
    id="start",
    title="Start the daemon of osd.3",
    action=Scale(replicas=1),
    target=DEPLOYMENT,
    reason="its deployment is scaled to 0",
    expected=(Change(path="spec.replicas", before=0, after=1),),
    preview=(Change(path="spec.replicas", before=0, after=1),),
    undo=Undo(action=Scale(replicas=0)),
)
PURGE = Step(
    id="purge",
    title="Purge osd.3",
    action=Run(argv=("ceph", "osd", "purge", "3"), place=InPod(namespace="rook-ceph", selector="app=t")),
    target=Target(kind="osd", name="3"),
    reason="its disk is dead",
    no_undo="a purged OSD is gone",
    risk="high",
    confirm="osd.3",
)
WHOLE = Step(
    id="whole",
    title="Wait for whole data",
    action=Wait(),
    target=Target(kind="ceph", name="c"),
    reason="data moves",
)
SKIPPED = Step(
    id="out",
    title="Take osd.3 out",
    action=Wait(),
    target=Target(kind="osd", name="3"),
    reason="r",
    skip="it is out",
)


def plan(*steps: Step) -> Plan:
    return Plan(
        runbook="rook/replace-osd",
        system="rook",
        title="Replace osd.3",
        cluster="prod",
        cluster_uid="u-1",
        parameters={"osd": 3},
        code="c",
        lock=Lock(namespace="rook-ceph", name="opskit-rook"),
        steps=steps,
        goal=(Condition(name="rook/osd-is-up", text="osd.3 is up"),),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )


INFO = ClusterInfo(name="prod", server="https://10.0.0.1:6443", uid="u-1", version="v1.37.2", live=True)


def runbook(*parameters: Parameter) -> Runbook:
    return Runbook(
        name="rook/replace-osd",
        path="/nowhere/replace-osd.ipynb",
        title="Replace an OSD",
        system="rook",
        summary="The disk is dead.",
        risk="high",
        duration="2h",
        parameters=(CLUSTER, *parameters),
        rules=(),
        other_rights=(),
        proven={},
        changing=True,
    )


class FakeFolder:
    """Keeps what a run would write."""

    plan = "/runs/1/plan.json"

    def __init__(self) -> None:
        self.logged: list[str] = []
        self.updates: list[dict[str, Any]] = []

    def log_text(self, text: str) -> None:
        self.logged.append(text)

    def update(self, **fields: Any) -> None:
        self.updates.append(fields)


class FakeCluster:
    info = INFO


class FakeRun:
    """A run whose `perform` is given."""

    def __init__(self, planned: Plan, perform: Any = None, presenter: Any = None) -> None:
        self.planned = planned
        self.cluster = FakeCluster()
        self.folder = FakeFolder()
        self.presenter = presenter
        self.parameters = {"cluster": "prod"}
        self.found: tuple[Any, ...] = ()
        self.runbook = runbook()
        self.stops = 0
        self.approvals: list[Any] = []
        self._perform = perform

    def perform(self, approval: Any) -> Any:
        self.approvals.append(approval)
        return self._perform(self)

    def request_stop(self) -> None:
        self.stops += 1
