"""`rook/health` on a large cluster: facts and checks of 4,000 OSDs and 200,000 PGs.

The answers are synthetic: made here, field for field as `ceph … -f json` of Pacific to Squid answers,
fields that opskit ignores included, so that decoding costs what it costs. One host is down.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, child
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInstalled
from opskit.core.reads import Answer, Answers, ClusterInfo, ListObjects, Place, Read, RunTool, Session

OSDS, PGS = 4_000, 200_000
PER_HOST, HOSTS_PER_RACK = 40, 10
SECONDS, MIB = 2.0, 300
NAMESPACE = "rook-ceph"
VERSION = "ceph version 18.2.4 (e7ad5345525c7aa95470c26863873b581076945d) reef (stable)"
SIZE_KB = 16 * 2**30
DOWN_HOST = 7
"""The host whose OSDs are all down."""

Json = dict[str, Any]


def synthesize(osds: int = OSDS, pgs: int = PGS) -> dict[str, bytes]:
    """Answers of a synthetic cluster by command, `ceph osd tree` as `osd tree`, and by plural of a list.

    Args:
        osds: how many; 40 a host, 10 hosts a rack.
        pgs: how many.

    """
    down = set(range(DOWN_HOST * PER_HOST, min((DOWN_HOST + 1) * PER_HOST, osds)))
    commands = {
        "status": _status(osds, pgs, down),
        "health detail": _health(down),
        "osd tree": _tree(osds, down),
        "osd df": {"nodes": [_df(osd) for osd in range(osds)], "stray": [], "summary": {}},
        "osd dump": _dump(osds, pgs, down),
        "df detail": _pools(pgs),
        "osd crush rule dump": [_rule()],
        "mon dump": _mons(),
        "time-sync-status": {"timechecks": {"epoch": 8, "round": 44, "round_status": "finished"}},
        "versions": {
            "mon": {VERSION: 5},
            "mgr": {VERSION: 2},
            "osd": {VERSION: osds},
            "overall": {VERSION: osds + 7},
        },
        "mgr dump": {
            "epoch": 9,
            "active_name": "a",
            "available": True,
            "standbys": [{"gid": 1, "name": "b"}],
        },
        "fs dump": {"epoch": 1, "standbys": [], "filesystems": []},
        "osd metadata": [_metadata(osd) for osd in range(osds)],
        "log last 300 info cluster": [_line(number) for number in range(300)],
        "log last 300 info audit": [],
        "config-key dump opskit/noout/": {},
        "osd perf": {"pg_ready": True, "osdstats": {"osd_perf_infos": [_perf(osd) for osd in range(osds)]}},
        "device ls": [_device(osd) for osd in range(osds)],
        "crash ls": [],
    }
    lists = {
        "deployments": [_deployment(osd, osd in down) for osd in range(osds)],
        "pods": [_pod(osd, osd in down) for osd in range(osds)],
        "nodes": [_node(host, host == DOWN_HOST) for host in range(-(-osds // PER_HOST))],
        "cephclusters": [_cluster()],
    }
    return {name: json.dumps(body).encode() for name, body in {**commands, **lists}.items()}


def _name(osd: int) -> str:
    return f"node-{osd // PER_HOST:04}"


def _status(osds: int, pgs: int, down: set[int]) -> Json:
    hurt = pgs // 30 if down else 0
    states = [("active+clean", pgs - hurt), ("active+undersized+degraded", hurt)]
    return {
        "fsid": "00000000-0000-4000-8000-000000000000",
        "health": {"status": "HEALTH_WARN" if down else "HEALTH_OK", "checks": {}, "mutes": []},
        "quorum": [0, 1, 2, 3, 4],
        "quorum_names": list("abcde"),
        "quorum_age": 90_000,
        "monmap": {"epoch": 5, "min_mon_release_name": "reef", "num_mons": 5},
        "osdmap": {"epoch": 9_000, "num_osds": osds, "num_up_osds": osds - len(down), "num_in_osds": osds},
        "pgmap": {
            "pgs_by_state": [{"state_name": state, "count": count} for state, count in states if count],
            "num_pgs": pgs,
            "num_pools": 10,
            "degraded_objects": hurt * 1000,
            "degraded_total": pgs * 3000,
        },
        "mgrmap": {"available": True, "num_standbys": 1, "modules": [], "services": {}},
        "progress_events": {},
    }


def _health(down: set[int]) -> Json:
    lines = [{"message": f"osd.{osd} (root=default,host={_name(osd)}) is down"} for osd in sorted(down)]
    check = {
        "severity": "HEALTH_WARN",
        "summary": {"message": f"{len(down)} osds down", "count": len(down)},
        "detail": lines,
        "muted": False,
    }
    return {"status": "HEALTH_WARN", "checks": {"OSD_DOWN": check} if down else {}, "mutes": []}


def _tree(osds: int, down: set[int]) -> Json:
    hosts = -(-osds // PER_HOST)
    racks = -(-hosts // HOSTS_PER_RACK)
    nodes: list[Json] = [_bucket(-1, "default", "root", 11, [-2 - rack for rack in range(racks)])]
    for rack in range(racks):
        below = range(rack * HOSTS_PER_RACK, min((rack + 1) * HOSTS_PER_RACK, hosts))
        nodes.append(_bucket(-2 - rack, f"rack-{rack}", "rack", 3, [-10_000 - host for host in below]))
    for host in range(hosts):
        inside = list(range(host * PER_HOST, min((host + 1) * PER_HOST, osds)))
        nodes.append(_bucket(-10_000 - host, _name(inside[0]), "host", 1, inside))
        nodes += [_leaf(osd, osd in down) for osd in inside]
    return {"nodes": nodes, "stray": []}


def _bucket(id_: int, name: str, kind: str, type_id: int, children: list[int]) -> Json:
    return {
        "id": id_,
        "name": name,
        "type": kind,
        "type_id": type_id,
        "pool_weights": {},
        "children": children,
    }


def _leaf(osd: int, down: bool) -> Json:
    return {
        "id": osd,
        "device_class": "hdd",
        "name": f"osd.{osd}",
        "type": "osd",
        "type_id": 0,
        "crush_weight": 15.99,
        "depth": 3,
        "pool_weights": {},
        "exists": 1,
        "status": "down" if down else "up",
        "reweight": 1,
        "primary_affinity": 1,
    }


def _df(osd: int) -> Json:
    used = SIZE_KB * (40 + osd * 7919 % 40) // 100
    return {
        **_leaf(osd, down=False),
        "kb": SIZE_KB,
        "kb_used": used,
        "kb_used_data": used,
        "kb_used_omap": 1,
        "kb_used_meta": 2**20,
        "kb_avail": SIZE_KB - used,
        "utilization": 100 * used / SIZE_KB,
        "var": 1.0,
        "pgs": 150,
    }


def _address(osd: int, port: int) -> Json:
    return {"addrvec": [{"type": "v2", "addr": f"10.0.{osd // 250}.{osd % 250}:{port}", "nonce": osd}]}


def _dump(osds: int, pgs: int, down: set[int]) -> Json:
    return {
        "epoch": 9_000,
        "flags_set": ["pglog_hardlimit", "purged_snapdirs", "recovery_deletes", "sortbitwise"],
        "full_ratio": 0.95,
        "backfillfull_ratio": 0.9,
        "nearfull_ratio": 0.85,
        "require_osd_release": "reef",
        "pools": [_pool(pool, pgs) for pool in range(1, 11)],
        "osds": [_entry(osd, osd in down) for osd in range(osds)],
        "pg_upmap_items": [
            {"pgid": f"1.{number:x}", "mappings": [{"from": 1, "to": 2}]} for number in range(pgs // 10)
        ],
        "crush_node_flags": {},
        "device_class_flags": {},
    }


def _entry(osd: int, down: bool) -> Json:
    return {
        "osd": osd,
        "uuid": f"00000000-0000-4000-8000-{osd:012}",
        "up": int(not down),
        "in": 1,
        "weight": 1,
        "primary_affinity": 1,
        "up_from": 8_000,
        "up_thru": 9_000,
        "down_at": 7_000,
        **{f"{name}_addrs": _address(osd, 6800) for name in ("public", "cluster", "heartbeat_back")},
        "state": ["exists"] if down else ["exists", "up"],
    }


def _pool(pool: int, pgs: int) -> Json:
    return {
        "pool": pool,
        "pool_name": f"pool-{pool}",
        "flags_names": "hashpspool",
        "type": 1,
        "size": 3,
        "min_size": 2,
        "crush_rule": 0,
        "pg_num": pgs // 10,
        "application_metadata": {"rbd": {}},
    }


def _pools(pgs: int) -> Json:
    stats = {
        "stored": 10**15,
        "objects": pgs * 100,
        "bytes_used": 3 * 10**15,
        "percent_used": 0.5,
        "max_avail": 10**15,
    }
    return {"stats": {}, "pools": [{"name": f"pool-{n}", "id": n, "stats": stats} for n in range(1, 11)]}


def _rule() -> Json:
    steps = [
        {"op": "take", "item": -1, "item_name": "default"},
        {"op": "chooseleaf_firstn", "num": 0, "type": "host"},
        {"op": "emit"},
    ]
    return {"rule_id": 0, "rule_name": "replicated_rule", "type": 1, "steps": steps}


def _mons() -> Json:
    mons = [
        {"rank": rank, "name": name, "public_addr": f"10.0.0.{rank}:3300/0"}
        for rank, name in enumerate("abcde")
    ]
    return {"epoch": 5, "mons": mons, "quorum": [0, 1, 2, 3, 4]}


def _metadata(osd: int) -> Json:
    noise = {f"field_{number}": "x" * 24 for number in range(30)}
    return {"id": osd, "hostname": _name(osd), "devices": "sda", "ceph_version_short": "18.2.4", **noise}


def _line(number: int) -> Json:
    return {
        "name": "mon.a",
        "stamp": "2026-01-01T00:00:00",
        "message": f"Health check {number}",
        "channel": "cluster",
    }


def _perf(osd: int) -> Json:
    stats = {"commit_latency_ms": 10 + osd % 7, "apply_latency_ms": 10, "commit_latency_ns": 10_000_000}
    return {"id": osd, "perf_stats": stats}


def _device(osd: int) -> Json:
    return {
        "devid": f"disk-{osd}",
        "location": [{"host": _name(osd), "dev": "sda"}],
        "daemons": [f"osd.{osd}"],
    }


def _labels(osd: int) -> dict[str, str]:
    return {
        "app": "rook-ceph-osd",
        "ceph-osd-id": str(osd),
        "ceph_daemon_id": str(osd),
        "rook_cluster": NAMESPACE,
    }


def _template(osd: int) -> Json:
    container = {
        "name": "osd",
        "image": "quay.io/ceph/ceph:v18.2.4",
        "command": ["ceph-osd"],
        "args": [f"--option-{number}=value" for number in range(20)],
        "env": [{"name": f"VARIABLE_{number}", "value": "x" * 20} for number in range(25)],
        "volumeMounts": [
            {"mountPath": f"/path/{number}", "name": f"volume-{number}"} for number in range(10)
        ],
    }
    return {"nodeName": _name(osd), "containers": [container], "initContainers": [container, container]}


def _deployment(osd: int, down: bool) -> Json:
    return {
        "metadata": {"name": f"rook-ceph-osd-{osd}", "namespace": NAMESPACE, "labels": _labels(osd)},
        "spec": {"replicas": 1, "template": {"spec": _template(osd)}},
        "status": {"replicas": 1, "readyReplicas": 0 if down else 1},
    }


def _pod(osd: int, down: bool) -> Json:
    ready = {"type": "Ready", "status": "False" if down else "True"}
    return {
        "metadata": {"name": f"rook-ceph-osd-{osd}-x", "namespace": NAMESPACE, "labels": _labels(osd)},
        "spec": _template(osd),
        "status": {
            "phase": "Running",
            "conditions": [ready],
            "containerStatuses": [{"name": "osd", "ready": not down}],
        },
    }


def _node(host: int, down: bool) -> Json:
    ready = {"type": "Ready", "status": "Unknown" if down else "True", "reason": "NodeStatusUnknown"}
    return {"metadata": {"name": f"node-{host:04}"}, "status": {"conditions": [ready]}}


def _cluster() -> Json:
    return {
        "metadata": {"name": NAMESPACE, "namespace": NAMESPACE},
        "status": {"phase": "Ready", "ceph": {"health": "HEALTH_WARN"}},
    }


PLURALS = ("deployments", "pods", "nodes", "cephclusters")


class Synthetic:
    """A reader over synthetic answers in a folder; lists come in pages of 500, as from a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="synthetic", server="", uid="synthetic", version="v1.37.2", live=False)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def close(self) -> None:
        """Nothing is open."""

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:  # noqa: ARG002
        for page in sorted(self.folder.glob(f"{read.plural}.*.json")):
            yield page.read_bytes()

    def answer(self, read: Read, *, deadline: float) -> Answer:  # noqa: ARG002
        if not isinstance(read, RunTool):
            raise NotInstalled("A synthetic cluster has no such server.")
        return Answer(body=(self.folder / _file(" ".join(read.argv[2:-1]))).read_bytes())

    def answers(
        self,
        reads: Sequence[RunTool],
        session: Session,  # noqa: ARG002 - each is asked alone
        *,
        place: Place,  # noqa: ARG002
        deadline: float,
    ) -> Answers:
        return [self.answer(read, deadline=deadline) for read in reads]


def prepare(folder: Path, *, osds: int = OSDS, pgs: int = PGS) -> None:
    """Write the answers into a folder, so that only what is being read is in memory."""
    for name, body in synthesize(osds, pgs).items():
        if name not in PLURALS:
            (folder / _file(name)).write_bytes(body)
            continue
        items = json.loads(body)
        for number, at in enumerate(range(0, len(items), 500)):
            page = json.dumps({"items": items[at : at + 500]})
            (folder / f"{name}.{number:04}.json").write_text(page)


def prepared(folder: str) -> Callable[[], None]:
    """`prepare` as a case of its own."""
    return lambda: prepare(Path(folder))


def _file(name: str) -> str:
    return name.replace(" ", "_").replace("/", "-") + ".json"


def judge(folder: str) -> Callable[[], list[str]]:
    """Facts, then checks: the first findings' codes and subjects."""
    from opskit.systems.rook import checks, facts

    cluster = Cluster(Synthetic(Path(folder)))

    def run() -> list[str]:
        return [f"{found.code} {found.subject}" for found in checks.check(facts.read(cluster))[:3]]

    return run


def rows() -> list[Row]:
    """The median of three runs, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a child's peak memory begins with that of the parent which forked it.
        child("benchmarks.rook_scale:prepared", folder)
        samples = sorted(
            (child("benchmarks.rook_scale:judge", folder) for _ in range(3)), key=lambda s: s.seconds
        )
    middle = samples[1]
    return [
        Row(
            f"rook facts + checks, {OSDS:,} OSDs / {PGS:,} PGs (synthetic answers)",
            f"{middle.seconds:.2f} s, {middle.peak_mib:.0f} MiB",
            "-",
            "-",
            f"<= {SECONDS:.0f} s, <= {MIB} MiB",
            middle.seconds <= SECONDS and middle.peak_mib <= MIB,
        )
    ]
