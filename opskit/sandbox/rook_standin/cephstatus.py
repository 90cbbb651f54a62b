"""The CephCluster's status, made from what the real cluster says. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from opskit.sandbox.kube import Json
from opskit.sandbox.nodes import timestamp


def cluster_status(
    status: Json, *, versions: Json, metadata: Json, old: Json, image: str, generation: int
) -> Json:
    """The status as Rook writes it.

    Args:
        status: of `ceph status`.
        versions: of `ceph versions`.
        metadata: counts of OSDs by store, of `ceph osd count-metadata osd_objectstore`.
        old: the status as it is.
        image: Ceph's image.
        generation: of the CephCluster.

    """
    return {
        "phase": "Ready",
        "state": "Created",
        "message": "Cluster created successfully",
        "observedGeneration": generation,
        "conditions": [_condition(old)],
        "version": {"image": image, "version": f"{ceph_version(versions)}-0"},
        "storage": {"deviceClasses": [{"name": "hdd"}], "osd": {"storeType": metadata}},
        "ceph": _ceph(status, versions=versions, old=old.get("ceph") or {}),
    }


def same_but_for_time(new: Json, old: Json) -> bool:
    """Whether two statuses differ in moments alone, and the old one is fresh enough."""
    told = (old.get("ceph") or {}).get("lastChecked", "")
    age = datetime.now(UTC) - datetime.fromisoformat(told) if told else _STALE
    return age < _STALE and _timeless(new) == _timeless(old)


_STALE = timedelta(seconds=15)
_MOMENTS = {"lastChecked", "lastUpdated", "lastHeartbeatTime"}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        # Bytes change with every breath of the cluster, and alone are no news.
        return {key: _timeless(each) for key, each in fields.items() if key not in _MOMENTS | {"capacity"}}
    if isinstance(value, list):
        return [_timeless(each) for each in cast("list[Any]", value)]
    return value


def ceph_version(versions: Json) -> str:
    """The version that most daemons run, e.g. `16.2.15`."""
    overall: Mapping[str, int] = versions.get("overall") or {}
    names = sorted(overall, key=lambda name: overall[name])
    return names[-1].split()[2] if names else ""


def _ceph(status: Json, *, versions: Json, old: Json) -> Json:
    health, now = status["health"]["status"], timestamp()
    changed = old.get("health") != health
    pgmap = status.get("pgmap") or {}
    return {
        "fsid": status["fsid"],
        "health": health,
        "details": {code: _detail(check) for code, check in status["health"].get("checks", {}).items()},
        "capacity": {
            "bytesTotal": pgmap.get("bytes_total", 0),
            "bytesUsed": pgmap.get("bytes_used", 0),
            "bytesAvailable": pgmap.get("bytes_avail", 0),
            "lastUpdated": now,
        },
        "versions": versions,
        "lastChecked": now,
        "lastChanged": now if changed else old.get("lastChanged") or now,
        "previousHealth": (old.get("health") if changed else old.get("previousHealth")) or "",
    }


def _detail(check: Json) -> Json:
    return {"message": check["summary"]["message"], "severity": check["severity"]}


def _condition(old: Json) -> Json:
    since = [each["lastTransitionTime"] for each in old.get("conditions") or [] if each["type"] == "Ready"]
    now = timestamp()
    return {
        "type": "Ready",
        "status": "True",
        "reason": "ClusterCreated",
        "message": "Cluster created successfully",
        "lastHeartbeatTime": now,
        "lastTransitionTime": since[0] if since else now,
    }
