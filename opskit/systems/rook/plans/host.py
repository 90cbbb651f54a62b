"""Take a host into maintenance, and back.

Follows https://docs.ceph.com/en/latest/rados/troubleshooting/troubleshooting-osd/#stopping-without-rebalancing
and Rook's disruption management
(https://github.com/rook/rook/blob/master/design/ceph/ceph-managed-disruptionbudgets.md).
"""

from datetime import datetime, timedelta

import msgspec

from opskit.core.conditions import Held
from opskit.core.errors import BadValue
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known
from opskit.core.plan import Change, Condition, Draft, Evict, Patch, Step, Target, Undo
from opskit.core.planning import looks
from opskit.systems.rook import looks as questions
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.conditions_maintenance import MARKS
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards, guards_host, host_parts, steps
from opskit.systems.rook.plans.host_back import leave_maintenance
from opskit.systems.rook.workloads import Node

BY = "opskit rook/host-maintenance"
EVICT_SECONDS = 900


@looks(questions.host)
def host_maintenance(
    facts: Facts,
    *,
    host: str,
    direction: str,
    until: str | None,
    stop: Held | Unread,
    pods: list[Pod] | Unread,
) -> Draft:
    """Take a host into maintenance, or back.

    Args:
        facts: of the cluster.
        host: the CRUSH host.
        direction: `enter` or `leave`.
        until: `HH:MM`, UTC, within the next 24 hours: when the maintenance must be over; not needed to
            leave.
        stop: Ceph's answer to `ok-to-stop` for all OSDs of the host.
        pods: every pod of the Kubernetes cluster.

    Raises:
        Refused: with every reason why not now.
        BadValue: `direction` or `until` is wrong, or an end is missing.

    """
    if direction == "enter":
        if until is None:
            raise BadValue("A maintenance needs an end.", hint="give until as HH:MM in UTC, e.g. 18:00")
        return enter_maintenance(facts, host=host, until=until, stop=stop, pods=pods)
    if direction == "leave":
        return leave_maintenance(facts, host=host)
    raise BadValue(f"direction {direction!r} is neither enter nor leave.", hint="write enter or leave")


def enter_maintenance(
    facts: Facts, *, host: str, until: str, stop: Held | Unread, pods: list[Pod] | Unread
) -> Draft:
    """Keep Ceph from moving the host's data, close the node, and evict its pods.

    Args:
        facts: of the cluster.
        host: the CRUSH host.
        until: `HH:MM`, UTC, within the next 24 hours.
        stop: Ceph's answer to `ok-to-stop` for all OSDs of the host.
        pods: every pod of the Kubernetes cluster.

    Raises:
        Refused: with every reason why not now.
        BadValue: `until` is no time of day.

    """
    end = next_time(facts.now, until)
    if _is_entered(facts, host):
        return _entered(facts, host)
    guards.refuse(
        guards_host.entering(facts, host=host, end=end, stop=stop, pods=pods),
        what=f"Maintenance of {host}",
        where=facts.namespace,
        hint="clear these first; rook/health tells the remedy of each finding",
    )
    node, stamp = facts.node_of[host], f"{end:%Y-%m-%dT%H:%M:%SZ}"
    goal = (
        host_parts.noout(host, "set"),
        host_parts.marked(host, stamp),
        host_parts.cordoned(node),
        host_parts.down(host),
    )
    evictions = [_evict(pod) for pod in guards_host.drained(pods, node.name)]
    return Draft(
        title=f"Take {host} into maintenance until {end:%H:%M} UTC",
        steps=(_cordon(node), _mark(facts, host, stamp), _set_noout(facts, host), *evictions),
        goal=goal,
        lock=steps.lock_of(facts),
    )


def next_time(now: datetime, clock: str) -> datetime:
    """The next moment at which the clock shows `HH:MM` in UTC.

    A time of day names one moment from one planning to the next, which a duration does not.

    Raises:
        BadValue: it is no time of day.

    """
    try:
        at = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007 (only the time of day is read)
    except ValueError:
        raise BadValue(f"{clock!r} is no time of day.", hint="write it as HH:MM in UTC, e.g. 18:00") from None
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _cordon(node: Node) -> Step:
    closed = node.spec.unschedulable
    return Step(
        id=f"cordon-{node.name}",
        title=f"Cordon {node.name}",
        action=Patch(patch={"spec": {"unschedulable": True}}),
        target=host_parts.node_target(node),
        reason="Pods that are evicted must not come back to it.",
        postcondition=(host_parts.cordoned(node),),
        expected=() if closed else (Change(path="spec.unschedulable", before=None, after=True),),
        undo=Undo(
            action=Patch(patch={"spec": {"unschedulable": None}}), postcondition=(host_parts.open_(node),)
        ),
        deadline_seconds=60,
        skip=f"{node.name} is cordoned already" if closed else "",
    )


def _mark(facts: Facts, host: str, until: str) -> Step:
    note = msgspec.json.encode({"until": until, "by": BY}).decode()
    return Step(
        id=f"mark-noout-{host}",
        title=f"Note in Ceph that noout on {host} ends at {until}",
        action=steps.ceph(facts, "config-key", "set", MARKS + host, note),
        target=host_parts.host_target(host),
        reason="A noout without an end is forgotten; rook/health finds one that outlived its mark.",
        postcondition=(host_parts.marked(host, until),),
        expected=(Change(path=MARKS + host, before=None, after=note),),
        undo=Undo(
            action=steps.ceph(facts, "config-key", "rm", MARKS + host),
            postcondition=(host_parts.unmarked(host),),
        ),
        deadline_seconds=60,
    )


def _set_noout(facts: Facts, host: str) -> Step:
    is_set = "noout" in known(facts.osd_dump, OsdDump()).crush_node_flags.get(host, [])
    osds = sorted(osd.id for osd in facts.hosts[host])
    return Step(
        id=f"set-noout-{host}",
        title=f"Set noout on {host}",
        action=steps.ceph(facts, "osd", "set-group", "noout", host),
        target=host_parts.host_target(host),
        reason="Ceph then does not copy the host's data elsewhere while the host is away.",
        precondition=(steps.ok_to_stop(osds), steps.clean()),
        postcondition=(host_parts.noout(host, "set"),),
        expected=() if is_set else (Change(path="crush_node_flags.noout", before=False, after=True),),
        undo=Undo(
            action=steps.ceph(facts, "osd", "unset-group", "noout", host),
            postcondition=(host_parts.noout(host, "unset"),),
        ),
        deadline_seconds=60,
        skip=f"noout is set on {host} already" if is_set else "",
    )


def _evict(pod: Pod) -> Step:
    gone = Condition(
        name="rook/pod-gone",
        arguments={"name": pod.name, "namespace": pod.namespace or "", "uid": pod.metadata.uid},
        text=f"pod {pod.name} is gone",
    )
    return Step(
        id=f"evict-{pod.namespace}-{pod.name}",
        title=f"Evict {pod.namespace}/{pod.name}",
        action=Evict(),
        target=Target(
            kind="Pod",
            name=pod.name,
            namespace=pod.namespace,
            version="v1",
            plural="pods",
            uid=pod.metadata.uid,
        ),
        reason="An eviction asks the pod's disruption budget first, and waits until it allows.",
        postcondition=(gone,),
        no_undo="Its controller makes it anew, elsewhere or here once the node is open again.",
        deadline_seconds=EVICT_SECONDS,
        risk="medium",
    )


def _is_entered(facts: Facts, host: str) -> bool:
    """Whether the host is in maintenance already: closed, without OSDs that are up, and under noout."""
    node, osds = facts.node_of.get(host), facts.hosts.get(host, [])
    flags = known(facts.osd_dump, OsdDump()).crush_node_flags.get(host, [])
    away = bool(osds) and not any(osd.up for osd in osds)
    return node is not None and node.spec.unschedulable and away and "noout" in flags


def _entered(facts: Facts, host: str) -> Draft:
    node = facts.node_of[host]
    goal = (host_parts.noout(host, "set"), host_parts.cordoned(node), host_parts.down(host))
    told = f"{host} is in maintenance already: cordoned, under noout, and its OSDs are down."
    return Draft(
        title=f"Take {host} into maintenance",
        steps=(),
        goal=goal,
        lock=steps.lock_of(facts),
        nothing_to_do=told,
    )
