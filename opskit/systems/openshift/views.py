"""Every frame that can be made of an OpenShift cluster's facts. Pure: facts in, frame out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from opskit.core.aspects import Aspect
from opskit.core.parts import known
from opskit.core.tables import TIME, Columns, frame
from opskit.systems.openshift.chain import roots
from opskit.systems.openshift.checks_routes import refusal, weights
from opskit.systems.openshift.facts import Facts, condition, says
from opskit.systems.openshift.kinds import ClusterOperator, ClusterVersion
from opskit.systems.openshift.readiness import Readiness
from opskit.systems.openshift.readiness import readiness as judge

if TYPE_CHECKING:
    import pandas as pd


def operators(facts: Facts) -> "pd.DataFrame":
    """One row a cluster operator, the guilty ones first.

    Returns:
        operator, version, available, progressing, degraded, upgradeable (str),
        root (str: the operator whose trouble it follows from; its own name where it is guilty itself),
        message (str).
    """
    every = known(facts.operators, [])
    guilty = roots(every)
    root = {follower: name for name, followers in guilty.items() for follower in (name, *followers)}

    def status(name: str) -> tuple[Callable[[ClusterOperator], str], str]:
        return (lambda each: getattr(condition(each.status.conditions, name), "status", ""), "str")

    columns: Columns = {
        "operator": ("name", "str"),
        "version": (_version, "str"),
        "available": status("Available"),
        "progressing": status("Progressing"),
        "degraded": status("Degraded"),
        "upgradeable": status("Upgradeable"),
        "root": (lambda each: root.get(each.name, ""), "str"),
        "message": (_message, "str"),
    }
    order = sorted(every, key=lambda each: (_rank(each.name, root), each.name))
    return frame(order, columns)


def _rank(name: str, root: Mapping[str, str]) -> int:
    """The guilty first, then those that follow, then the rest."""
    return 2 if name not in root else int(root[name] != name)


def _version(operator: ClusterOperator) -> str:
    found = operator.status.versions or []
    return next((each.version for each in found if each.name == "operator"), "")


def _message(operator: ClusterOperator) -> str:
    bad = (("Degraded", "True"), ("Available", "False"))
    found = [
        each.message or "" for each in operator.status.conditions or [] if (each.type, each.status) in bad
    ]
    return " ".join(found)


def pools(facts: Facts) -> "pd.DataFrame":
    """One row a machine config pool.

    Returns:
        pool (str), machines, updated, unavailable, degraded (int64), paused, updating (bool).
    """
    columns: Columns = {
        "pool": ("name", "str"),
        "machines": ("status.machine_count", "int64"),
        "updated": ("status.updated_machine_count", "int64"),
        "unavailable": ("status.unavailable_machine_count", "int64"),
        "degraded": ("status.degraded_machine_count", "int64"),
        "paused": ("spec.paused", "bool"),
        "updating": (lambda each: says(each.status.conditions, "Updating", "True"), "bool"),
    }
    return frame(known(facts.pools, []), columns)


def routes(facts: Facts) -> "pd.DataFrame":
    """One row for each backend of each route.

    Returns:
        namespace, route, host, service (str), weight (int64), share (float64, 0 to 1), endpoints (int64),
        admitted (bool), refused (str: why).
    """
    rows = [
        (route, service, weight, sum(weights(route).values()) or 1)
        for route in known(facts.routes, [])
        for service, weight in weights(route).items()
    ]
    columns: Columns = {
        "namespace": (lambda row: row[0].namespace or "", "str"),
        "route": (lambda row: row[0].name, "str"),
        "host": (lambda row: row[0].spec.host, "str"),
        "service": (lambda row: row[1], "str"),
        "weight": (lambda row: row[2], "int64"),
        "share": (lambda row: row[2] / row[3], "float64"),
        "endpoints": (lambda row: facts.endpoints(row[0].namespace or "", row[1]), "int64"),
        "admitted": (lambda row: refusal(row[0]) is None, "bool"),
        "refused": (lambda row: getattr(refusal(row[0]), "reason", "") or "", "str"),
    }
    return frame(rows, columns)


def history(facts: Facts) -> "pd.DataFrame":
    """One row an update of the past, the newest first.

    Returns:
        version, state (str), started, completed (datetime64[us, UTC]).
    """
    version = facts.version
    found = version.status.history or [] if isinstance(version, ClusterVersion) else []
    columns: Columns = {
        "version": ("version", "str"),
        "state": ("state", "str"),
        "started": ("started_time", TIME),
        "completed": ("completion_time", TIME),
    }
    return frame(found, columns)


def readiness(facts: Facts, *, to: str | None = None) -> "pd.DataFrame":
    """One row a guard of an update.

    Args:
        facts: of the cluster.
        to: the release; None is the newest that is recommended.

    Returns:
        guard, answer, why, command (str); `attrs["sentence"]` is the verdict.
    """
    verdict: Readiness = judge(facts, to=to)
    columns: Columns = {
        "guard": ("name", "str"),
        "answer": ("answer.value", "str"),
        "why": ("why", "str"),
        "command": ("command", "str"),
    }
    made = frame(verdict.guards, columns)
    made.attrs["sentence"] = verdict.sentence
    return made


COMPARED = (
    Aspect(
        "operator",
        operators,
        ("operator",),
        ("version", "available", "progressing", "degraded", "upgradeable"),
    ),
    Aspect("pool", pools, ("pool",), ("machines", "updated", "unavailable", "degraded", "paused")),
    Aspect("route", routes, ("namespace", "route", "service"), ("host", "weight", "endpoints", "refused")),
    Aspect("update", history, ("version", "started"), ("state",)),
)
"""What two looks are compared by."""
