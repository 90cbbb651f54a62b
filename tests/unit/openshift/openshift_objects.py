"""OpenShift's recorded objects, altered: the edits that the tests of the room share."""

from datetime import timedelta
from typing import Any

from opskit.core.findings import Finding
from opskit.systems.openshift.facts import Facts, read
from tests.unit import altered
from tests.unit.altered import Edit, Json, add, drop, put

LATER = timedelta(hours=6)
MADE = altered.ago("openshift", seconds=10)
"""Just before the recording, whenever it was taken."""
CONDITIONS = ("Available", "True"), ("Progressing", "False"), ("Degraded", "False"), ("Upgradeable", "True")
SOUND = [{"type": name, "status": status, "lastTransitionTime": MADE} for name, status in CONDITIONS]
NO_BUILDS = ("builds", "deploymentconfigs")


def held(
    plural: str, kind: str, status: str, *, name: str = "", message: str = "", reason: str = "R"
) -> Edit:
    """The objects' condition of that type becomes this one."""

    def alter(objects: list[Json]) -> list[Json]:
        made = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": MADE,
        }
        for each in objects:
            if name in ("", each["metadata"]["name"]):
                kept = [one for one in each["status"]["conditions"] if one["type"] != kind]
                each["status"]["conditions"] = [*kept, made]
        return objects

    return plural, alter


def operator(name: str, message: str = "", *, kind: str = "Degraded", status: str = "True") -> Edit:
    return held("clusteroperators", kind, status, name=name, message=message)


def version(kind: str, status: str, message: str = "") -> Edit:
    return held("clusterversions", kind, status, message=message)


def pool(kind: str, status: str, message: str = "") -> Edit:
    return held("machineconfigpools", kind, status, name="worker", message=message)


def build(name: str, phase: str, made: str = MADE, **status: str) -> Edit:
    labels = {"openshift.io/build-config.name": "app"}
    metadata = {"name": name, "namespace": "shop", "labels": labels, "creationTimestamp": made}
    return add("builds", {"metadata": metadata, "status": {"phase": phase, **status}})


def config(progressing: str, **spec: Any) -> Edit:
    condition = {"type": "Progressing", "status": progressing, "message": "timed out"}
    status = {"availableReplicas": 0, "conditions": [condition]}
    return add(
        "deploymentconfigs",
        {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 2, **spec}, "status": status},
    )


HEALED = (put("clusteroperators", "status.conditions", SOUND), drop("routes", "gone"))
CLAIMED = "route web already exposes www.apps.example.com and is older"
EVERY = (
    "cnpg-system",
    "etcd-operator-system",
    "intruder",
    "legacy",
    "mysql-operator",
    "olm",
    "operators",
    "postgres-operator",
    "shop",
)
LIMITED = tuple(
    add(plural, *({"metadata": {"name": "x", "namespace": name}} for name in EVERY))
    for plural in ("resourcequotas", "networkpolicies")
)
BUDGET = {
    "metadata": {"name": "db", "namespace": "shop"},
    "status": {"expectedPods": 2, "disruptionsAllowed": 0},
}


def _without_web(slices: list[Json]) -> list[Json]:
    return [each for each in slices if each["metadata"]["labels"]["kubernetes.io/service-name"] != "web"]


NO_ENDPOINTS: Edit = ("endpointslices", _without_web)


def one_route(objects: list[Json]) -> list[Json]:
    return [each for each in objects if each["metadata"]["namespace"] == "storefront"]


BASE = (*HEALED, *LIMITED, ("routes", one_route))
"""The recording with its two faults healed, and with quotas and policies everywhere."""


def facts(*edits: Edit, later: timedelta = timedelta()) -> Facts:
    return read(altered.cluster("openshift", *BASE, *edits, later=later))


def codes(found: list[Finding]) -> list[str]:
    return [each.code.removeprefix("openshift/") for each in found]
