"""Bring a host back from maintenance.

noout goes last: taken back earlier, Ceph would copy the data of OSDs that are about to come back.
"""

from collections.abc import Iterator

from opskit.core.parts import known
from opskit.core.plan import Change, Condition, Draft, Patch, Step, Undo
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.conditions_maintenance import MARKS
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.plans import guards, guards_host, host_parts, steps
from opskit.systems.rook.workloads import Node

BOOT_SECONDS = 1800
RECOVER_SECONDS = 6 * steps.HOUR


def leave_maintenance(facts: Facts, *, host: str) -> Draft:
    """Open the node, wait for its OSDs and for whole PGs, and only then take back noout.

    Args:
        facts: of the cluster.
        host: the CRUSH host.

    Raises:
        Refused: the host or its node is not known, or the node is not Ready.

    """
    guards.refuse(
        guards_host.leaving(facts, host=host),
        what=f"Ending the maintenance of {host}",
        where=facts.namespace,
        hint="bring the node back first",
    )
    node, lock, title = facts.node_of[host], steps.lock_of(facts), f"Bring {host} back from maintenance"
    up = steps.osds_on(host, sum(osd.in_ for osd in facts.hosts[host]))
    goal = (
        host_parts.open_(node),
        up,
        steps.clean(),
        host_parts.noout(host, "unset"),
        host_parts.unmarked(host),
        _budget(),
    )
    if _is_back(facts, host):
        told = f"{host} is not in maintenance: open, its OSDs up, without noout and without a mark."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=told)
    return Draft(
        title=title,
        steps=(_uncordon(node), _await_osds(host, up), _await_clean(host), *_release(facts, host)),
        goal=goal,
        lock=lock,
    )


def _is_back(facts: Facts, host: str) -> bool:
    flags = known(facts.osd_dump, OsdDump()).crush_node_flags.get(host, [])
    closed = facts.node_of[host].spec.unschedulable or "noout" in flags or _is_marked(facts, host)
    return not closed and all(osd.up for osd in facts.hosts[host] if osd.in_)


def _is_marked(facts: Facts, host: str) -> bool:
    return MARKS + host in known(facts.marks, {})


def _budget() -> Condition:
    return Condition(name="rook/osd-budget-is-default", text="Rook's default budget for OSDs is back")


def _uncordon(node: Node) -> Step:
    closed = node.spec.unschedulable
    ready = Condition(name="rook/node-ready", arguments={"node": node.name}, text=f"{node.name} is Ready")
    return Step(
        id=f"uncordon-{node.name}",
        title=f"Open {node.name} for pods",
        action=Patch(patch={"spec": {"unschedulable": None}}),
        target=host_parts.node_target(node),
        reason="Rook's daemons can only come back to a node that takes pods.",
        precondition=(ready,),
        postcondition=(host_parts.open_(node),),
        expected=(Change(path="spec.unschedulable", before=True, after=None),) if closed else (),
        undo=Undo(
            action=Patch(patch={"spec": {"unschedulable": True}}), postcondition=(host_parts.cordoned(node),)
        ),
        deadline_seconds=60,
        skip="" if closed else f"{node.name} is open already",
    )


def _await_osds(host: str, up: Condition) -> Step:
    return steps.wait(
        "wait-osds",
        host_parts.host_target(host),
        title=f"Wait for the OSDs of {host}",
        reason="Their pods start, and the OSDs report to the monitors.",
        postcondition=(up,),
        deadline_seconds=BOOT_SECONDS,
    )


def _await_clean(host: str) -> Step:
    return steps.wait(
        "wait-clean",
        host_parts.host_target(host),
        title="Wait until every PG is whole",
        reason="The host's copies catch up with what was written meanwhile.",
        postcondition=(steps.clean(),),
        deadline_seconds=RECOVER_SECONDS,
    )


def _release(facts: Facts, host: str) -> Iterator[Step]:
    is_set = "noout" in known(facts.osd_dump, OsdDump()).crush_node_flags.get(host, [])
    yield Step(
        id=f"unset-noout-{host}",
        title=f"Unset noout on {host}",
        action=steps.ceph(facts, "osd", "unset-group", "noout", host),
        target=host_parts.host_target(host),
        reason="From now on Ceph looks after an OSD of the host that stays down.",
        precondition=(steps.clean(),),
        postcondition=(host_parts.noout(host, "unset"),),
        expected=(Change(path="crush_node_flags.noout", before=True, after=False),) if is_set else (),
        no_undo="With its OSDs up, the host needs no noout.",
        deadline_seconds=60,
        skip="" if is_set else f"noout is not set on {host}",
    )
    marked = _is_marked(facts, host)
    yield Step(
        id=f"unmark-noout-{host}",
        title=f"Remove the mark of {host}",
        action=steps.ceph(facts, "config-key", "rm", MARKS + host),
        target=host_parts.host_target(host),
        reason="The maintenance is over.",
        postcondition=(host_parts.unmarked(host),),
        expected=(Change(path=MARKS + host, before="set", after=None),) if marked else (),
        no_undo="The maintenance is over.",
        deadline_seconds=60,
        skip="" if marked else f"{host} bears no mark",
    )
    yield steps.wait(
        "wait-budget",
        host_parts.host_target(host),
        title="Wait for Rook's default disruption budget",
        reason="Until it is back, Rook holds back every other host.",
        postcondition=(_budget(),),
        deadline_seconds=BOOT_SECONDS,
    )
