"""The steps that Rook's plans are made of. Each says its reason, its guards, and how it is taken back."""

from collections.abc import Sequence

from opskit.core.plan import (
    Change,
    Condition,
    Delete,
    Lock,
    Run,
    Scale,
    Step,
    Target,
    Undo,
    Wait,
)
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.reading import CONNECT_SECONDS
from opskit.systems.rook.workloads import Deployment

HOUR = 3600


def lock_of(facts: Facts) -> Lock:
    """One lock for the whole Ceph cluster: two changes at once could take two failure domains."""
    return Lock(namespace=facts.namespace, name="opskit-ceph")


def ceph(facts: Facts, *words: str, repeatable: bool = True) -> Run:
    """A `ceph` command that changes something, run in the toolbox."""
    argv = ("ceph", f"--connect-timeout={CONNECT_SECONDS}", *words)
    return Run(argv=argv, place=facts.toolbox, repeatable=repeatable)


def osd_target(osd: int, uuid: str) -> Target:
    """An OSD as a target: its UUID tells it from the next disk of the same ID."""
    return Target(kind="osd", name=f"osd.{osd}", uid=uuid)


def deployment_target(deployment: Deployment) -> Target:
    """A deployment as a target, bound to its UID."""
    return Target(
        kind="Deployment",
        name=deployment.name,
        namespace=deployment.namespace,
        group="apps",
        version="v1",
        plural="deployments",
        uid=deployment.metadata.uid,
    )


def _of_deployment(name: str, deployment: Deployment, text: str) -> Condition:
    arguments = {
        "name": deployment.name,
        "namespace": deployment.namespace or "",
        "uid": deployment.metadata.uid,
    }
    return Condition(name=name, arguments=arguments, text=text)


def stopped(deployment: Deployment) -> Condition:
    """No pod of it is wanted or there."""
    return _of_deployment("rook/deployment-stopped", deployment, f"{deployment.name} has no pod")


def ready(deployment: Deployment) -> Condition:
    """All of its pods are ready."""
    return _of_deployment("rook/deployment-ready", deployment, f"{deployment.name} is ready")


def gone(deployment: Deployment) -> Condition:
    """It is deleted."""
    return _of_deployment("rook/deployment-gone", deployment, f"{deployment.name} is gone")


def of_osd(name: str, osd: int, uuid: str, text: str) -> Condition:
    """A condition on one OSD: `of_osd("is-up", 3, uuid, "is up")`."""
    arguments = {"osd": osd, "uuid": uuid}
    return Condition(name=f"rook/osd-{name}", arguments=arguments, text=f"osd.{osd} {text}")


def in_unless_gone(osd: int, uuid: str) -> Condition:
    """What taking back an `out` reaches; for an OSD that was purged meanwhile there is nothing to reach."""
    arguments = {"osd": osd, "uuid": uuid, "or_gone": True}
    return Condition(name="rook/osd-is-in", arguments=arguments, text=f"osd.{osd} is in, unless it is gone")


def runs_again(osd: int, uuid: str, deployment: Deployment) -> Condition:
    """What taking back a stop reaches; for an OSD that was purged meanwhile there is nothing to reach."""
    arguments = {
        "osd": osd,
        "uuid": uuid,
        "name": deployment.name,
        "namespace": deployment.namespace or "",
        "replicas": deployment.spec.replicas,
        "deployment": deployment.metadata.uid,
    }
    text = f"{deployment.name} is started again, unless osd.{osd} is gone"
    return Condition(name="rook/osd-runs-again", arguments=arguments, text=text)


def ok_to_stop(osds: Sequence[int]) -> Condition:
    """All these OSDs may stop at once."""
    named = ", ".join(f"osd.{osd}" for osd in osds)
    text = f"no PG becomes unavailable without {named}"
    return Condition(name="rook/osds-ok-to-stop", arguments={"osds": list(osds)}, text=text)


def clean() -> Condition:
    """All PGs are active+clean."""
    return Condition(name="rook/pgs-clean", text="all PGs are active+clean")


def osds_on(host: str, count: int) -> Condition:
    """So many OSDs of the host are up and in."""
    arguments = {"host": host, "count": count}
    text = f"{count} OSDs of {host} are up and in"
    return Condition(name="rook/osds-up-on-host", arguments=arguments, text=text)


def scale(
    id_: str,
    deployment: Deployment,
    replicas: int,
    *,
    title: str,
    reason: str,
    precondition: tuple[Condition, ...] = (),
    postcondition: tuple[Condition, ...],
    undone: tuple[Condition, ...] = (),
    no_undo: str = "",
    deadline_seconds: int = 300,
    risk: str = "low",
    skip: str = "",
    before: int | None = None,
) -> Step:
    """Set a deployment's replicas; the undo sets those that it has before (None: now)."""
    before = deployment.spec.replicas if before is None else before
    undo = None if no_undo else Undo(action=Scale(replicas=before), postcondition=undone)
    return Step(
        id=id_,
        title=title,
        action=Scale(replicas=replicas),
        target=deployment_target(deployment),
        reason=reason,
        precondition=precondition,
        postcondition=postcondition,
        expected=() if skip else (Change(path="spec.replicas", before=before, after=replicas),),
        undo=undo,
        no_undo=no_undo,
        deadline_seconds=deadline_seconds,
        risk=risk,
        skip=skip,
    )


def remove(id_: str, deployment: Deployment, *, title: str, reason: str, no_undo: str) -> Step:
    """Delete a deployment."""
    return Step(
        id=id_,
        title=title,
        action=Delete(),
        target=deployment_target(deployment),
        reason=reason,
        precondition=(stopped(deployment),),
        postcondition=(gone(deployment),),
        no_undo=no_undo,
        risk="medium",
    )


def wait(
    id_: str,
    target: Target,
    *,
    title: str,
    reason: str,
    postcondition: tuple[Condition, ...],
    deadline_seconds: int,
    skip: str = "",
) -> Step:
    """Change nothing until the postcondition holds."""
    return Step(
        id=id_,
        title=title,
        action=Wait(),
        target=target,
        reason=reason,
        postcondition=postcondition,
        no_undo="It only waits.",
        deadline_seconds=deadline_seconds,
        skip=skip,
    )


def mark_in(facts: Facts, osd: int, uuid: str, *, skip: str = "", undoable: bool = True) -> Step:
    """Give the OSD data again."""
    undo = Undo(
        action=ceph(facts, "osd", "out", str(osd)),
        postcondition=(of_osd("is-out", osd, uuid, "is out"),),
    )
    return Step(
        id=f"mark-in-osd-{osd}",
        title=f"Mark osd.{osd} in",
        action=ceph(facts, "osd", "in", str(osd)),
        target=osd_target(osd, uuid),
        reason="Only an OSD that is in is given data.",
        precondition=(of_osd("exists", osd, uuid, "is in the map"),),
        postcondition=(of_osd("is-in", osd, uuid, "is in"),),
        expected=() if skip else (Change(path="in", before=False, after=True),),
        undo=undo if undoable else None,
        no_undo="" if undoable else "An OSD that is up belongs in.",
        skip=skip,
    )


def mark_out(facts: Facts, osd: int, uuid: str, *, reason: str, skip: str = "") -> Step:
    """Have the OSD's data moved elsewhere."""
    undo = Undo(
        action=ceph(facts, "osd", "in", str(osd)),
        postcondition=(in_unless_gone(osd, uuid),),
    )
    return Step(
        id=f"mark-out-osd-{osd}",
        title=f"Mark osd.{osd} out",
        action=ceph(facts, "osd", "out", str(osd)),
        target=osd_target(osd, uuid),
        reason=reason,
        precondition=(of_osd("exists", osd, uuid, "is in the map"), ok_to_stop([osd])),
        postcondition=(of_osd("is-out", osd, uuid, "is out"),),
        expected=() if skip else (Change(path="in", before=True, after=False),),
        undo=undo,
        risk="medium",
        skip=skip,
    )
