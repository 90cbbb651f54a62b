"""A plan is what will be done, as data: reviewed once, hashed, and applied as it was reviewed."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from opskit.core.findings import Data
from opskit.core.reads import Place

Json = dict[str, Any]

NOW = "{now}"
"""Stands in a patch for the moment at which it is sent, which nobody can review beforehand."""


class Target(Data, frozen=True):
    """What a step acts on: a Kubernetes object, or something that only its own system knows."""

    kind: str
    """`Deployment`, `osd`, `pg`, `host`, …"""
    name: str
    namespace: str | None = None
    group: str = ""
    version: str = ""
    plural: str = ""
    """Empty when it is no Kubernetes object."""
    uid: str = ""
    """The object's UID when planned; a write to another UID is refused."""

    def __str__(self) -> str:
        scope = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {scope}{self.name}"


class Condition(Data, frozen=True):
    """A predicate over the system, by name, so that it can be hashed, journaled and read again.

    The system's `conditions.py` holds the function of that name.
    """

    name: str
    """`<system>/<verb-phrase>`, e.g. `rook/osd-is-up`."""
    arguments: Json = msgspec.field(default_factory=dict[str, Any])
    text: str = ""
    """What a person reads: "osd.3 is up and in"."""


class Apply(Data, frozen=True, tag="apply"):
    """Server-side apply of the fields in `manifest` as field manager `opskit`."""

    manifest: Json
    take_over: tuple[str, ...] = ()
    """Field managers whose fields are taken by force; each is named in the diff. Empty: never force."""


class Patch(Data, frozen=True, tag="patch"):
    """A JSON merge patch of the step's target."""

    patch: Json
    subresource: str = ""


class Delete(Data, frozen=True, tag="delete"):
    """Delete the step's target, by UID."""

    propagation: str = "Background"


class Evict(Data, frozen=True, tag="evict"):
    """Evict the step's target, a pod; a PodDisruptionBudget may make it wait."""

    grace_seconds: int | None = None


class Scale(Data, frozen=True, tag="scale"):
    """Set `spec.replicas` of the step's target."""

    replicas: int


class Run(Data, frozen=True, tag="run"):
    """A command that changes something. It has no dry run."""

    argv: tuple[str, ...]
    place: Place
    repeatable: bool = False
    """Whether a second run of it does no harm."""


class Call(Data, frozen=True, tag="call"):
    """A request to a server's API. It has no dry run."""

    server: str
    method: str
    path: str
    body: Json | None = None
    repeatable: bool = False


class Wait(Data, frozen=True, tag="wait"):
    """Change nothing; wait until the postcondition holds."""


Action = Apply | Patch | Delete | Evict | Scale | Run | Call | Wait


class Undo(Data, frozen=True):
    """How a step is taken back."""

    action: Action
    postcondition: tuple[Condition, ...] = ()
    target: Target | None = None
    """None: the step's target."""


class Change(Data, frozen=True):
    """One field that a step changes; `before` or `after` is None where the field is absent."""

    path: str
    before: Any = None
    after: Any = None


class Step(Data, frozen=True):
    """One action on one target."""

    id: str
    """Unique in the plan, stable between plannings: `pause-operator`, `purge-osd-3`."""
    title: str
    action: Action
    target: Target
    reason: str
    precondition: tuple[Condition, ...] = ()
    postcondition: tuple[Condition, ...] = ()
    expected: tuple[Change, ...] = ()
    """What the planner expects to change."""
    preview: tuple[Change, ...] | None = None
    """What the server's dry run says would change now; None where there is no dry run."""
    undo: Undo | None = None
    no_undo: str = ""
    """Why there is none."""
    deadline_seconds: int = 300
    risk: str = "low"
    """`low`, `medium` or `high`."""
    confirm: str = ""
    """A destructive step asks for this name to be typed."""
    skip: str = ""
    """Why there is nothing to do; such a step is shown and not performed."""


class Lock(Data, frozen=True):
    """The Lease that a run holds while it changes its target."""

    namespace: str
    name: str


class Plan(Data, frozen=True):
    """Ordered steps, the pin of the cluster that they are for, and what must be true at the end."""

    runbook: str
    system: str
    title: str
    cluster: str
    cluster_uid: str
    parameters: Json
    code: str
    """Digest of the code that made the plan and will apply it."""
    lock: Lock
    steps: tuple[Step, ...]
    goal: tuple[Condition, ...]
    """What the verdict reads again."""
    made: datetime
    nothing_to_do: str = ""
    """Why there are no steps."""
    restore: bool = False
    """Whether the steps before one that fails, or is refused, are taken back at once, without asking.

    A stop takes nothing back: it ends the run at once, and says how to.
    """

    @property
    def hash(self) -> str:
        """SHA-256 over all that will be applied; wording and times are left out."""
        return hashlib.sha256(canonical(self.binding())).hexdigest()

    def binding(self) -> Json:
        """What an approval binds: everything but prose, the time of making, and our name of the cluster."""
        whole: Json = msgspec.to_builtins(self)
        del whole["made"], whole["title"], whole["nothing_to_do"], whole["cluster"]
        whole["goal"] = _without_text(self.goal)
        for step, bound in zip(self.steps, whole["steps"], strict=True):
            del bound["title"], bound["reason"], bound["no_undo"]
            bound["skip"] = bool(step.skip)
            bound["precondition"] = _without_text(step.precondition)
            bound["postcondition"] = _without_text(step.postcondition)
            if step.undo:
                bound["undo"]["postcondition"] = _without_text(step.undo.postcondition)
        return whole


def _without_text(conditions: tuple[Condition, ...]) -> list[Json]:
    return [{"name": each.name, "arguments": each.arguments} for each in conditions]


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values have equal bytes."""
    return msgspec.json.encode(msgspec.to_builtins(value), order="sorted")


class Draft(Data, frozen=True):
    """What a planner returns: steps and goal; the runner adds the pin, the code's digest and previews."""

    title: str
    steps: tuple[Step, ...]
    goal: tuple[Condition, ...]
    lock: Lock
    nothing_to_do: str = ""
    restore: bool = False
    """See `Plan.restore`."""
