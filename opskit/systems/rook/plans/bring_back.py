"""Bring back an OSD that is down.

Follows https://docs.ceph.com/en/latest/rados/troubleshooting/troubleshooting-osd/#an-osd-failed.
"""

from collections.abc import Iterator

from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known
from opskit.core.plan import Condition, Delete, Draft, Step, Target
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.plans import guards, steps
from opskit.systems.rook.workloads import Deployment

START_SECONDS = 600
"""An OSD with a long log replays it before it reports."""

RECOVER_SECONDS = 6 * steps.HOUR

_NO_RESTART_UNDO = "A pod that was deleted can't be brought back; its deployment makes a new one."


def bring_back_osd(facts: Facts, *, osd: int) -> Draft:
    """Start the OSD's daemon again, have Ceph use it, and wait until every PG is whole.

    Args:
        facts: of the cluster.
        osd: the OSD's ID.

    Raises:
        Refused: it does not exist, belongs to no deployment, its node is away, or a flag keeps it down.

    """
    guards.refuse(
        _reasons(facts, osd),
        what=f"Bringing back osd.{osd}",
        where=facts.namespace,
        hint="clear these first, or replace the OSD with rook/replace-osd",
    )
    found, uuid = facts.osds[osd], guards.uuid_of(facts, osd)
    goal = _goal(facts, found, uuid)
    lock, title = steps.lock_of(facts), f"Bring back {found.subject}"
    if found.up and found.in_:
        return Draft(
            title=title, steps=(), goal=goal, lock=lock, nothing_to_do=f"osd.{osd} is up and in already."
        )
    return Draft(title=title, steps=tuple(_steps(facts, found, uuid)), goal=goal, lock=lock)


def _goal(facts: Facts, found: Osd, uuid: str) -> tuple[Condition, ...]:
    up = steps.of_osd("is-up", found.id, uuid, "is up")
    in_ = steps.of_osd("is-in", found.id, uuid, "is in")
    return (up, in_, steps.clean()) if _alone(facts, found) else (up, in_)


def _alone(facts: Facts, found: Osd) -> bool:
    """Whether PGs can all become clean by this OSD: no other one is down."""
    return all(each.up for each in facts.osds.values() if each.id != found.id and each.host)


def _reasons(facts: Facts, osd: int) -> Iterator[str]:
    yield from guards.unread(facts, "osd_dump", "tree", "deployments", "pods", "nodes")
    yield from guards.same_ceph(facts)
    yield from guards.osd_known(facts, osd)
    for flag in ("noup", "noin", "pause"):
        if flag in known(facts.osd_dump, OsdDump()).flags_set:
            yield f"the flag {flag} is set: the OSD could not come back"
    if osd in facts.osds:
        yield from _place_reasons(facts, facts.osds[osd])


def _place_reasons(facts: Facts, found: Osd) -> Iterator[str]:
    """Where the daemon should run must be able to run it."""
    place = found.node or found.host
    node = facts.node_of.get(place)
    if node is None:
        if place and not isinstance(facts.nodes, Unread) and not found.up:
            yield f"the node of {found.subject} is not in the cluster"
        return
    conditions = {each.type: each.status for each in node.status.conditions or []}
    if conditions.get("Ready", "True") != "True":
        yield f"node {node.name} is not Ready: bring the node back first"
    if node.spec.unschedulable and not found.up:
        yield f"node {node.name} is cordoned: its maintenance ends with rook/host-maintenance"


def _steps(facts: Facts, found: Osd, uuid: str) -> Iterator[Step]:
    if found.deployment is not None and not found.up:
        yield from _start(found, found.deployment, uuid)
    yield steps.mark_in(facts, found.id, uuid, skip=f"osd.{found.id} is in already" if found.in_ else "")
    if _alone(facts, found):
        yield steps.wait(
            "wait-clean",
            steps.osd_target(found.id, uuid),
            title="Wait until every PG is whole",
            reason="PGs that the OSD missed writes of recover from their other copies.",
            postcondition=(steps.clean(),),
            deadline_seconds=RECOVER_SECONDS,
        )


def _start(found: Osd, deployment: Deployment, uuid: str) -> Iterator[Step]:
    up = steps.of_osd("is-up", found.id, uuid, "is up")
    if deployment.spec.replicas == 0:
        yield steps.scale(
            f"start-osd-{found.id}",
            deployment,
            1,
            title=f"Start the daemon of osd.{found.id}",
            reason="Its deployment is scaled to 0, so nothing starts the daemon.",
            postcondition=(up, steps.ready(deployment)),
            undone=(steps.stopped(deployment),),
            deadline_seconds=START_SECONDS,
        )
        return
    restarts = [_restart(found, pod, up) for pod in sorted(found.pods, key=lambda pod: pod.name)]
    yield from restarts or [_await_pod(found, uuid, up)]


def _restart(found: Osd, pod: Pod, up: Condition) -> Step:
    suffix = f"-{pod.name.rpartition('-')[2]}" if len(found.pods) > 1 else ""
    gone = Condition(
        name="rook/pod-gone",
        arguments={"name": pod.name, "uid": pod.metadata.uid},
        text=f"pod {pod.name} is gone",
    )
    return Step(
        id=f"restart-osd-{found.id}{suffix}",
        title=f"Restart the daemon of osd.{found.id}",
        action=Delete(),
        target=_pod_target(pod),
        reason=f"Its pod is there ({pod.status.phase or 'phase unknown'}), but the daemon does not answer.",
        postcondition=(gone, up),
        no_undo=_NO_RESTART_UNDO,
        deadline_seconds=START_SECONDS,
    )


def _pod_target(pod: Pod) -> Target:
    return Target(
        kind="Pod", name=pod.name, namespace=pod.namespace, version="v1", plural="pods", uid=pod.metadata.uid
    )


def _await_pod(found: Osd, uuid: str, up: Condition) -> Step:
    return steps.wait(
        f"wait-pod-osd-{found.id}",
        steps.osd_target(found.id, uuid),
        title=f"Wait for the daemon of osd.{found.id}",
        reason="Its deployment wants a pod and has none yet: Kubernetes is about to make it.",
        postcondition=(up,),
        deadline_seconds=START_SECONDS,
    )
