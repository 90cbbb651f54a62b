"""Facts for planners: recorded from a real Ceph cluster, and turned into the case at hand."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opskit.core.cluster import Cluster
from opskit.core.conditions import Held
from opskit.core.kinds import WireCondition
from opskit.core.plan import Draft, Step
from opskit.core.snapshot import SnapshotReader
from opskit.systems.rook.answers import StateCount
from opskit.systems.rook.facts import Facts, read
from opskit.systems.rook.workloads import Deployment

RECORDED = Path(__file__).parent / "recorded"

YES = Held(ok=True, state="33 PGs stay available")
NO = Held(ok=False, state="7 PGs are or would become unavailable (2.2, 2.5)")


def cluster(name: str) -> Cluster:
    """A recorded cluster."""
    return Cluster(SnapshotReader(RECORDED / f"{name}.snapshot"))


@cache
def facts(name: str = "healthy") -> Facts:
    """The facts of a recorded cluster: three hosts with two OSDs each, size 3, three monitors."""
    return read(cluster(name))


def osd(base: Facts, id_: int, *, up: bool = True, in_: bool = True) -> Facts:
    """The facts, had this OSD been so."""
    assert not isinstance(base.osd_dump, type(None))
    entries = [
        replace(each, up=int(up), in_=int(in_)) if each.osd == id_ else each for each in base.osd_dump.osds
    ]
    nodes = [
        replace(each, status="up" if up else "down", reweight=float(in_)) if each.id == id_ else each
        for each in base.tree.nodes
    ]
    return replace(base, osd_dump=replace(base.osd_dump, osds=entries), tree=replace(base.tree, nodes=nodes))


def states(base: Facts, counts: dict[str, int]) -> Facts:
    """The facts, had the PGs been in these states."""
    listed = [StateCount(state_name=state, count=count) for state, count in counts.items()]
    pgmap = replace(base.status.pgmap, pgs_by_state=listed, num_pgs=sum(counts.values()))
    return replace(base, status=replace(base.status, pgmap=pgmap))


def flags(base: Facts, *names: str) -> Facts:
    """The facts, had these flags been set."""
    return replace(base, osd_dump=replace(base.osd_dump, flags_set=[*base.osd_dump.flags_set, *names]))


def host_flags(base: Facts, **of: list[str]) -> Facts:
    """The facts, had hosts borne these flags; `node_a` is node-a."""
    named = {host.replace("_", "-"): names for host, names in of.items()}
    return replace(base, osd_dump=replace(base.osd_dump, crush_node_flags=named))


def replicas(base: Facts, name: str, wanted: int) -> Facts:
    """The facts, had this deployment been scaled so. Its pods go with it."""

    def scaled(each: Deployment) -> Deployment:
        if each.name != name:
            return each
        status = replace(each.status, replicas=wanted, ready_replicas=wanted)
        return replace(each, spec=replace(each.spec, replicas=wanted), status=status)

    pods = base.pods if wanted else [pod for pod in base.pods if not pod.name.startswith(f"{name}-")]
    return replace(
        base,
        deployments=[scaled(each) for each in base.deployments],
        operator=[scaled(each) for each in base.operator],
        pods=pods,
    )


def node(base: Facts, name: str, *, ready: bool = True, cordoned: bool = False) -> Facts:
    """The facts, had this node been so."""

    def changed(each: Any) -> Any:
        if each.name != name:
            return each
        conditions = [WireCondition(type="Ready", status="True" if ready else "False")]
        return replace(
            each,
            spec=replace(each.spec, unschedulable=cordoned),
            status=replace(each.status, conditions=conditions),
        )

    return replace(base, nodes=[changed(each) for each in base.nodes])


def filled(base: Facts, share: float) -> Facts:
    """The facts, had every OSD been full to this share."""
    nodes = [replace(each, kb_used=int(each.kb * share)) for each in base.osd_df.nodes]
    return replace(base, osd_df=replace(base.osd_df, nodes=nodes))


def pools(base: Facts, **changes: Any) -> Facts:
    """The facts, had every pool been so."""
    listed = [replace(each, **changes) for each in base.osd_dump.pools]
    return replace(base, osd_dump=replace(base.osd_dump, pools=listed))


def crashed(base: Facts, id_: int) -> Facts:
    """The facts after this OSD's daemon died: its PGs lack a copy."""
    return states(osd(base, id_, up=False), {"active+clean": 14, "active+undersized+degraded": 19})


def ids(steps: Iterable[Step]) -> list[str]:
    """The steps that would be done."""
    return [step.id for step in steps if not step.skip]


def step(draft: Draft, id_: str) -> Step:
    """A step by its ID."""
    return next(each for each in draft.steps if each.id == id_)
