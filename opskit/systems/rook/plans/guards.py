"""Interlocks: each yields the reasons why a change must not be made now.

A planner gathers all of them and refuses once, so that a person sees everything that stands in
the way. Pure: facts in, sentences out.
"""

from collections.abc import Iterable, Iterator

from opskit.core.conditions import Held
from opskit.core.errors import Refused
from opskit.core.parts import Unread, known
from opskit.systems.rook.answers import OsdDump, OsdEntry, PoolEntry, Status
from opskit.systems.rook.answers_daemons import Rule
from opskit.systems.rook.conditions_ceph import is_clean
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd

BLOCKING_FLAGS = (
    "noup",
    "noin",
    "nobackfill",
    "norecover",
    "norebalance",
    "nodown",
    "noout",
    "pause",
    "full",
)
"""Flags under which data does not move or OSDs do not come and go as a plan expects."""

_GRAVE = frozenset({"down", "incomplete", "stale", "unknown", "inactive", "recovery_unfound"})


def refuse(reasons: Iterable[str], *, what: str, where: str, hint: str) -> None:
    """Refuse with every reason at once, if there is any.

    Raises:
        Refused: lists all reasons.

    """
    found = list(dict.fromkeys(reasons))
    if found:
        listed = "".join(f"\n  - {reason}" for reason in found)
        raise Refused(f"{what} is refused:{listed}\n", where=where, hint=hint)


def unread(facts: Facts, *parts: str) -> Iterator[str]:
    """Parts that an interlock needs and that could not be read: what is not known is not safe."""
    for name in parts:
        part = getattr(facts, name)
        if isinstance(part, Unread):
            yield f"{name.replace('_', ' ')} could not be read: {part.reason}"


def same_ceph(facts: Facts) -> Iterator[str]:
    """The toolbox must reach the very Ceph that the CephCluster describes."""
    cluster, dump = facts.cluster, known(facts.osd_dump, OsdDump())
    if isinstance(cluster, Unread):
        return
    if cluster is None:
        yield f"namespace {facts.namespace} holds no CephCluster: Rook does not manage this Ceph"
        return
    fsid = cluster.status.ceph.fsid if cluster.status and cluster.status.ceph else ""
    if fsid and dump.fsid and fsid != dump.fsid:
        yield f"the toolbox reaches the Ceph {dump.fsid}, but CephCluster {cluster.name} is {fsid}"
    if cluster.spec.external:
        yield f"CephCluster {cluster.name} is external: its OSDs are managed elsewhere"
    if cluster.spec.cleanup_policy and cluster.spec.cleanup_policy.confirmation:
        yield "cleanupPolicy.confirmation is set: Rook reconciles nothing any more"


def entry_of(facts: Facts, osd: int) -> OsdEntry | None:
    """The OSD in the map."""
    return next((each for each in known(facts.osd_dump, OsdDump()).osds if each.osd == osd), None)


def uuid_of(facts: Facts, osd: int) -> str:
    """The OSD's UUID; "" when the map does not tell."""
    entry = entry_of(facts, osd)
    return entry.uuid if entry else ""


def osd_known(facts: Facts, osd: int) -> Iterator[str]:
    """The OSD exists, and Rook has it too.

    `ceph osd safe-to-destroy` and `ok-to-stop` call an OSD that does not exist safe.
    """
    if isinstance(facts.osd_dump, Unread):
        return
    if entry_of(facts, osd) is None:
        there = ", ".join(str(each.osd) for each in facts.osd_dump.osds[:20])
        yield f"there is no osd.{osd} in this cluster; it has OSDs {there or 'none'}"
    elif not isinstance(facts.deployments, Unread) and facts.osds[osd].deployment is None:
        yield f"Rook has no deployment for osd.{osd} in namespace {facts.namespace}"


def pgs_clean(facts: Facts) -> Iterator[str]:
    """Every PG is active+clean."""
    status = known(facts.status, Status())
    dirty = {
        each.state_name: each.count for each in status.pgmap.pgs_by_state if not is_clean(each.state_name)
    }
    if dirty:
        named = ", ".join(f"{count} {state}" for state, count in sorted(dirty.items()))
        yield f"not all PGs are active+clean: {named}"


def pgs_available(facts: Facts) -> Iterator[str]:
    """Every PG serves its clients, whatever it still has to recover."""
    for each in known(facts.status, Status()).pgmap.pgs_by_state:
        states = set(each.state_name.split("+"))
        if states & _GRAVE or not states & {"active", "peered"} or "active" not in states:
            yield f"{each.count} PGs are {each.state_name}: their data is not available"


def domain_types(facts: Facts, osd: Osd) -> set[str]:
    """The CRUSH bucket types over which the pools that may use the OSD spread their copies."""
    rules = {rule.rule_id: rule for rule in known(facts.rules, [])}
    used = (rules[pool.crush_rule] for pool in pools_of(facts, osd) if pool.crush_rule in rules)
    return {_domain(rule) for rule in used} or {"host"}


def _domain(rule: Rule) -> str:
    """The type that a rule's last choosing step names."""
    chosen = [step.type for step in rule.steps if step.op.startswith("choose")]
    return chosen[0] if chosen else "host"


def pools_of(facts: Facts, osd: Osd) -> list[PoolEntry]:
    """The pools whose rule takes a root above the OSD, of its device class where the rule names one."""
    taken = {rule.rule_id: _takes(rule) for rule in known(facts.rules, [])}
    pools = known(facts.osd_dump, OsdDump()).pools
    return [pool for pool in pools if _holds(taken.get(pool.crush_rule, []), osd)]


def _takes(rule: Rule) -> list[str]:
    return [step.item_name for step in rule.steps if step.op == "take"]


def _holds(taken: list[str], osd: Osd) -> bool:
    for name in taken:
        bucket, _, device_class = name.partition("~")
        if bucket in osd.location.values() and device_class in ("", osd.device_class):
            return True
    return not taken


def one_domain(facts: Facts, targets: Iterable[Osd]) -> Iterator[str]:
    """No OSD of another failure domain is down or on its way out."""
    mine = list(targets)
    kinds = {kind for osd in mine for kind in domain_types(facts, osd)}
    for kind in sorted(kinds):
        here = {place(osd, kind) for osd in mine}
        for osd in facts.osds.values():
            if osd.host and place(osd, kind) not in here and (not osd.up or (not osd.in_ and osd.pgs)):
                state = "down" if not osd.up else "out and not empty"
                yield f"{osd.name} in {kind} {place(osd, kind)} is {state}: that would be two failure domains"


def place(osd: Osd, kind: str) -> str:
    """The failure domain of a type in which an OSD stands."""
    return osd.name if kind == "osd" else osd.location.get(kind, "")


def pool_copies(facts: Facts, targets: Iterable[Osd]) -> Iterator[str]:
    """Every pool can lose one failure domain and go on serving."""
    pools = {pool.pool: pool for osd in targets for pool in pools_of(facts, osd)}
    for pool in pools.values():
        if pool.size < 2 and not pool.erasure_coded:
            yield f"pool {pool.pool_name} keeps {pool.size} copy: its data on the OSD would be lost"
        elif pool.min_size >= pool.size:
            yield (
                f"pool {pool.pool_name} needs all of its {pool.size} copies (min_size {pool.min_size}): "
                "one OSD that stops stops its clients"
            )


def no_maintenance(facts: Facts, *, host: str = "") -> Iterator[str]:
    """No flag, mark or drain of other work is under way."""
    dump = known(facts.osd_dump, OsdDump())
    for flag in BLOCKING_FLAGS:
        if flag in dump.flags_set:
            yield f"the flag {flag} is set: other work is under way, or was forgotten"
    for node, flags in sorted(dump.crush_node_flags.items()):
        if node != host:
            yield f"{', '.join(flags)} is set on {node}: other work is under way, or was forgotten"
    for mark in sorted(known(facts.marks, {})):
        if mark.rpartition("/")[2] not in (host, *dump.crush_node_flags):
            yield f"the mark {mark} says that {mark.rpartition('/')[2]} is in maintenance"


def not_held_back(facts: Facts, targets: Iterable[Osd]) -> Iterator[str]:
    """Rook holds back none of these OSDs.

    While one failure domain is drained or down, Rook makes a budget `rook-ceph-osd-<type>-<name>` for
    every other one (https://rook.io/docs/rook/latest/CRDs/Cluster/ceph-cluster-crd/ on disruptions).
    """
    budgets = {budget.name for budget in known(facts.budgets, [])}
    domains = {(kind, place(osd, kind)) for osd in targets for kind in domain_types(facts, osd)}
    for kind, name in sorted(domains):
        budget = f"rook-ceph-osd-{kind}-{name}"
        if budget in budgets:
            yield f"Rook holds {kind} {name} back by the budget {budget}: another failure domain is away"


def operator_runs(facts: Facts) -> Iterator[str]:
    """Rook's operator is there and nobody paused it."""
    operators = known(facts.operator, [])
    if not operators and not isinstance(facts.operator, Unread):
        yield "Rook's operator was not found: name its namespace as rook.operator_namespace in opskit.toml"
    for operator in operators:
        if operator.spec.replicas == 0:
            yield f"the operator {operator.name} is scaled to 0: other work is under way, or was forgotten"


def answered(what: str, held: Held | Unread) -> Iterator[str]:
    """What Ceph itself says to a question about this change."""
    if isinstance(held, Unread):
        yield f"{what} could not be asked: {held.reason}"
    elif not held.ok:
        yield f"{what} says no: {held.state}"
