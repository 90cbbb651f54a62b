"""Which question answers which part of the facts."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, NotInstalled
from opskit.core.findings import Data
from opskit.core.parts import Job, Unread, listed, settle
from opskit.core.promql import vector
from opskit.core.reads import Answer
from opskit.systems.rook import answers as ceph
from opskit.systems.rook import answers_daemons as daemons
from opskit.systems.rook import kinds
from opskit.systems.rook.reading import ceph as ask
from opskit.systems.rook.reading import ceph_together, decode_answer, namespace, operator_namespace

PG_LIMIT = 200
"""PGs that are listed one by one: 2.6 KB each. More of one state than this stay a count."""

PROBLEM_STATES = (
    "inconsistent",
    "recovery_unfound",
    "backfill_unfound",
    "down",
    "incomplete",
    "stale",
    "failed_repair",
    "snaptrim_error",
    "recovery_toofull",
    "backfill_toofull",
    "peering",
    "undersized",
    "degraded",
)
"""States that `ceph pg ls` is asked for, the gravest first."""

GROWTH_WINDOW = "1d"
GROWTH_HISTORY = "6h"
"""A series younger than this gives no forecast: a morning's copy job would look like a trend."""


class Growth(Data, frozen=True):
    """Bytes per second over the last day; only series with at least `GROWTH_HISTORY` of past."""

    osds: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    """`osd.3` → bytes per second."""
    pools: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    """Pool id → stored bytes per second."""
    cluster: float | None = None


def kubernetes(cluster: Cluster) -> dict[str, Job]:
    """The parts that the Kubernetes API answers."""
    where = namespace(cluster)
    return {
        "cluster": lambda: ceph_cluster(cluster),
        "block_pools": lambda: listed(cluster, kinds.CEPH_BLOCK_POOL, namespace=where),
        "filesystems": lambda: listed(cluster, kinds.CEPH_FILESYSTEM, namespace=where),
        "object_stores": lambda: listed(cluster, kinds.CEPH_OBJECT_STORE, namespace=where),
        "others": lambda: _others(cluster, where),
        "deployments": lambda: cluster.list(kinds.DEPLOYMENT, namespace=where),
        "pods": lambda: cluster.list(kinds.POD, namespace=where),
        "operator": lambda: cluster.list(
            kinds.DEPLOYMENT, namespace=operator_namespace(cluster), selector="app=rook-ceph-operator"
        ),
        "nodes": lambda: cluster.list(kinds.NODE),
        "budgets": lambda: cluster.list(kinds.POD_DISRUPTION_BUDGET, namespace=where),
        "growth": lambda: growth(cluster),
    }


def ceph_cluster(cluster: Cluster) -> kinds.CephCluster | None:
    """The namespace's CephCluster; None when there is none.

    Raises:
        NotInstalled: Rook's CRDs are missing.

    """
    found = cluster.list(kinds.CEPH_CLUSTER, namespace=namespace(cluster))
    return found[0] if found else None


def _others(cluster: Cluster, where: str) -> list[tuple[str, kinds.Resource]]:
    return [(kind.kind, each) for kind in kinds.OTHERS for each in listed(cluster, kind, namespace=where)]


def growth(cluster: Cluster) -> Growth:
    """How fast things fill, as the manager's metrics tell.

    Raises:
        NotInstalled: there is no Prometheus.

    """
    totals = vector(cluster, trend("ceph_cluster_total_used_bytes"), label="")
    return Growth(
        osds=vector(cluster, trend("ceph_osd_stat_bytes_used"), label="ceph_daemon"),
        pools=vector(cluster, trend("ceph_pool_stored"), label="pool_id"),
        cluster=next(iter(totals.values()), None),
    )


def trend(metric: str) -> str:
    """PromQL: the metric's slope, where it has a past."""
    return f"deriv({metric}[{GROWTH_WINDOW}]) and {metric} offset {GROWTH_HISTORY}"


class Question(Data, frozen=True):
    """A command of Ceph and what its answer is decoded into."""

    words: tuple[str, ...]
    model: Any

    def job(self, cluster: Cluster) -> Job:
        """The question, ready to be asked."""
        return lambda: ask(cluster, *self.words, model=self.model)

    def answered(self, answer: Answer) -> Job:
        """The question, whose answer is there already."""
        decoder = decoder_for(self.model)
        return lambda: decode_answer(answer.body, decoder, command=" ".join(("ceph", *self.words)))


def asked(cluster: Cluster, questions: Mapping[str, Question]) -> dict[str, Any]:
    """Ask all at once; what that leaves open is asked alone, and fails alone."""
    answers = ceph_together(cluster, [question.words for question in questions.values()])
    return settle(
        {
            name: question.job(cluster) if answer is None else question.answered(answer)
            for (name, question), answer in zip(questions.items(), answers, strict=True)
        }
    )


STATUS = Question(words=("status",), model=ceph.Status)
"""Asked first, because nothing else answers where it does not."""

MONITORS = {
    "health": Question(words=("health", "detail"), model=ceph.Health),
    "tree": Question(words=("osd", "tree"), model=ceph.Tree),
    "osd_dump": Question(words=("osd", "dump"), model=ceph.OsdDump),
    "df": Question(words=("df", "detail"), model=daemons.Df),
    "rules": Question(words=("osd", "crush", "rule", "dump"), model=list[daemons.Rule]),
    "mon_dump": Question(words=("mon", "dump"), model=daemons.MonDump),
    "time_sync": Question(words=("time-sync-status",), model=daemons.TimeSync),
    "versions": Question(words=("versions",), model=daemons.Versions),
    "mgr_dump": Question(words=("mgr", "dump"), model=daemons.MgrDump),
    "fs_dump": Question(words=("fs", "dump"), model=daemons.FsDump),
    "metadata": Question(words=("osd", "metadata"), model=list[daemons.OsdMetadata]),
    "log": Question(words=("log", "last", "300", "info", "cluster"), model=list[daemons.LogLine]),
    "audit": Question(words=("log", "last", "300", "info", "audit"), model=list[daemons.LogLine]),
    "marks": Question(words=("config-key", "dump", "opskit/noout/"), model=dict[str, str]),
}
"""What the monitors answer."""

MANAGER = {
    "osd_df": Question(words=("osd", "df"), model=ceph.OsdDf),
    "perf": Question(words=("osd", "perf"), model=daemons.OsdPerf),
    "devices": Question(words=("device", "ls"), model=list[daemons.Device]),
    "crashes": Question(words=("crash", "ls"), model=list[daemons.Crash]),
}
"""What the manager answers; without one these commands hang."""


def problem_states(counts: list[ceph.StateCount]) -> list[str]:
    """States to list PGs of, gravest first, as long as their PGs are no more than `PG_LIMIT`."""
    chosen: list[str] = []
    for state in PROBLEM_STATES:
        wanted = {state, *chosen}
        listed_pgs = sum(each.count for each in counts if wanted & set(each.state_name.split("+")))
        present = any(state in each.state_name.split("+") for each in counts)
        if present and listed_pgs <= PG_LIMIT:
            chosen.append(state)
    return chosen


def after(cluster: Cluster, status: ceph.Status | Unread) -> dict[str, Any]:
    """Every other part, once `ceph status` was asked: unread, too, where nobody answered."""
    if not isinstance(status, Unread):
        return rest(cluster, status)
    if status.error == BadAnswer.__name__:
        # Somebody answers, though not what is understood: the other questions may fare better.
        return rest(cluster, ceph.Status())
    return unasked(status)


def rest(cluster: Cluster, status: ceph.Status) -> dict[str, Any]:
    """What is left to ask once `ceph status` has answered: monitors and manager at the same time."""
    managed = settle({name: _no_manager(name) for name in (*MANAGER, "pgs")})
    jobs: dict[str, Job] = {"monitors": lambda: asked(cluster, MONITORS)}
    if status.mgrmap.available:
        jobs["manager"] = lambda: _of_manager(cluster, problem_states(status.pgmap.pgs_by_state))
    told = settle(jobs)
    return {**managed, **told["monitors"], **told.get("manager", {})}


def _of_manager(cluster: Cluster, states: list[str]) -> dict[str, Any]:
    if not states:
        return {**asked(cluster, MANAGER), "pgs": []}
    found = asked(cluster, {**MANAGER, "pgs": Question(words=("pg", "ls", *states), model=ceph.PgList)})
    return {**found, "pgs": found["pgs"].pg_stats if isinstance(found["pgs"], ceph.PgList) else found["pgs"]}


def _no_manager(part: str) -> Job:
    def refuse() -> None:
        raise NotInstalled(
            "No manager is active, and only it answers this.", where=part, hint="see the finding MGR_DOWN"
        )

    return refuse


def unasked(status: Unread) -> dict[str, Any]:
    """Every other answer of Ceph, unread for the same reason as `ceph status`."""
    parts = (*MONITORS, *MANAGER, "pgs")
    return {part: Unread(part=part, error=status.error, reason=status.reason) for part in parts}
