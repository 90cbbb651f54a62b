"""Daemons and hosts that die, and a clock that is wrong."""

from pathlib import Path
from typing import Any

from opskit.core.errors import BadValue, NotInstalled
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kubelet import holds
from opskit.sandbox.light import ceph_daemons, ceph_files
from opskit.sandbox.light.faults.common import (
    HEALED_WITHIN,
    SEEN_WITHIN,
    checks,
    each_second,
    kill,
    osd_id,
    osd_number,
    pod_of,
    quorum_member,
    wait_gone,
    wait_seen,
)
from opskit.sandbox.nodes import NODES, is_ready
from opskit.sandbox.rook_standin.objects import NAMESPACE


def _crash(sandbox: Broken, daemon: str) -> None:
    """Kill a daemon whose pod has crashed so often that its back-off is endless: a new pod starts it anew."""
    pod = pod_of(sandbox, daemon)
    holds.write_hold(
        sandbox.site, holds.Hold(subject=ceph_daemons.process_name(daemon), pod=pod["metadata"]["uid"])
    )
    kill(sandbox, daemon)


def _osd_down(sandbox: Broken, *, osd: Any = 0, cause: str = "crash") -> dict[str, Any]:
    if cause not in ("crash", "disk"):
        raise BadValue(f"{cause!r} is no cause.", where="cause", hint="use `crash` or `disk`.")
    number = osd_number(sandbox, osd)
    daemon = f"osd.{number}"
    if cause == "disk":
        store = _store(sandbox, number)
        store.rename(store.with_name(f"{store.name}.failed"))
        kill(sandbox, daemon)
    else:
        _crash(sandbox, daemon)
    wait_seen(sandbox, "OSD_DOWN", about=f"{daemon} ")
    return {"osd": number, "cause": cause, "uuid": ceph_files.disk_of(sandbox.site, number).uuid}


def _osd_up(sandbox: Broken, *, osd: Any = 0, cause: str = "crash", uuid: str = "") -> None:
    osd = osd_id(osd)
    if cause == "disk":
        _mend_disk(sandbox, osd, uuid)
    holds.release(sandbox.site, ceph_daemons.process_name(f"osd.{osd}"))
    each_second(
        lambda: all(each["up"] for each in sandbox.ceph("osd", "dump")["osds"] if each["osd"] == osd),
        what=f"osd.{osd} is up",
        deadline=HEALED_WITHIN,
    )


def _mend_disk(sandbox: Broken, osd: int, uuid: str) -> None:
    """Put the old disk back, unless a new OSD was made in the meantime."""
    store = _store(sandbox, osd)
    failed = store.with_name(f"{store.name}.failed")
    replaced = bool(uuid) and all(disk.uuid != uuid for disk in ceph_files.disks(sandbox.site))
    if replaced or not failed.exists():
        return
    if store.exists():
        store.rename(store.with_name(f"{store.name}.unused"))
    failed.rename(store)
    pod = pod_of(sandbox, f"osd.{osd}")
    api(sandbox.site).delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")


def _store(sandbox: Broken, osd: int) -> Path:
    return ceph_files.ceph_folder(sandbox.site) / f"osd-{osd}"


OSD_DOWN = Fault(
    name="osd-down",
    summary="An OSD is killed with SIGKILL. Its pod crash-loops until it is replaced (crash), or for as "
    "long as its store can't be read (disk).",
    seen="HEALTH_WARN, OSD_DOWN and PG_DEGRADED in `ceph health detail`; the pod rook-ceph-osd-N is not "
    "Ready, CrashLoopBackOff; after 10 minutes Ceph marks the OSD out.",
    inject=_osd_down,
    heal=_osd_up,
    victims=("osd.{osd}",),
    arguments={
        "osd": "its number (0)",
        "cause": "crash: a new pod brings it back; disk: only a new disk does (crash)",
    },
)


def _host_down(sandbox: Broken, *, host: str = NODES[-1]) -> dict[str, Any]:
    if host not in NODES:
        raise BadValue(f"{host!r} is no host.", where="host", hint=f"there are {', '.join(NODES)}.")
    holds.write_hold(sandbox.site, holds.Hold(subject=host))
    for name in sandbox.site.processes.names():
        daemon = ceph_daemons.daemon_of(name)
        if name.startswith("ceph-") and ceph_daemons.node_of(sandbox.site, daemon) == host:
            kill(sandbox, daemon)
    wait_seen(sandbox, "OSD_HOST_DOWN", about=host)
    each_second(lambda: not _node_ready(sandbox, host), what=f"{host} is not ready", deadline=SEEN_WITHIN)
    each_second(lambda: _toolbox_ready(sandbox), what="the toolbox runs elsewhere", deadline=SEEN_WITHIN)
    return {"host": host}


def _host_up(sandbox: Broken, *, host: str = NODES[-1]) -> None:
    holds.release(sandbox.site, host)
    each_second(lambda: _node_ready(sandbox, host), what=f"{host} is ready", deadline=HEALED_WITHIN)
    wait_gone(sandbox, ["OSD_HOST_DOWN", "OSD_DOWN", "MON_DOWN", "MGR_DOWN"])


def _node_ready(sandbox: Broken, host: str) -> bool:
    return is_ready(api(sandbox.site).get(f"/api/v1/nodes/{host}"))


def _toolbox_ready(sandbox: Broken) -> bool:
    pods = api(sandbox.site).items(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3Drook-ceph-tools")
    return any(is_ready(pod) for pod in pods if not pod["metadata"].get("deletionTimestamp"))


HOST_DOWN = Fault(
    name="host-down",
    summary="A whole host stops: every Ceph daemon on it is killed and its kubelet falls silent.",
    seen="OSD_HOST_DOWN and OSD_DOWN in `ceph health detail`; the node is NotReady, its pods Terminating or "
    "Pending; Rook's budgets block the other hosts.",
    inject=_host_down,
    heal=_host_up,
    arguments={"host": f"{', '.join(NODES)} ({NODES[-1]})"},
)


def _mon_down(sandbox: Broken, *, mon: str = "c") -> dict[str, Any]:
    _crash(sandbox, f"mon.{quorum_member(sandbox, mon)}")
    wait_seen(sandbox, "MON_DOWN", about=mon)
    return {"mon": mon}


def _mon_up(sandbox: Broken, *, mon: str = "c") -> None:
    holds.release(sandbox.site, ceph_daemons.process_name(f"mon.{mon}"))
    wait_gone(sandbox, ["MON_DOWN"])


MON_DOWN = Fault(
    name="mon-down",
    summary="One of three monitors is killed with SIGKILL and crash-loops.",
    seen="MON_DOWN in `ceph health detail`, quorum of two; the pod rook-ceph-mon-X is not Ready.",
    inject=_mon_down,
    heal=_mon_up,
    victims=("mon.{mon}",),
    arguments={"mon": "a, b or c (c)"},
)


def _skew(sandbox: Broken, *, mon: str = "c", seconds: Any = 2) -> dict[str, Any]:
    daemon = f"mon.{quorum_member(sandbox, mon)}"
    clock = {"LD_PRELOAD": _libfaketime(), "FAKETIME": f"{float(seconds):+g}s"}
    # Timed waits must not be faked with the clock: a monitor would sleep through its own election.
    env = {**clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    holds.write_hold(sandbox.site, holds.Hold(subject=ceph_daemons.process_name(daemon), env=env))
    kill(sandbox, daemon)
    each_second(lambda: _skew_seen(sandbox, mon), what=f"Ceph sees mon.{mon}'s clock", deadline=SEEN_WITHIN)
    return {"mon": mon}


def _skew_seen(sandbox: Broken, mon: str) -> bool:
    """Whether Ceph tells of the clock: of a leader's by the others' difference from it."""
    told = str(checks(sandbox).get("MON_CLOCK_SKEW", ""))
    leads = bool(told) and sandbox.ceph("quorum_status")["quorum_leader_name"] == mon
    return all(f"mon.{each}" in told for each in "abc" if (each == mon) != leads)


def _unskew(sandbox: Broken, *, mon: str = "c", seconds: Any = 2) -> None:
    del seconds
    holds.release(sandbox.site, ceph_daemons.process_name(f"mon.{mon}"))
    pod = pod_of(sandbox, f"mon.{mon}")
    api(sandbox.site).delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")
    wait_gone(sandbox, ["MON_CLOCK_SKEW", "MON_DOWN"])


def _libfaketime() -> str:
    for found in sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        return str(found)
    raise NotInstalled(
        "The library libfaketime is missing.", where="/usr/lib", hint="run `apt-get install libfaketime`."
    )


MON_CLOCK_SKEW = Fault(
    name="mon-clock-skew",
    summary="The clock of one of three monitors is wrong (libfaketime).",
    seen="MON_CLOCK_SKEW in `ceph health detail` and the skew in `ceph time-sync-status`.",
    inject=_skew,
    heal=_unskew,
    victims=("mon.{mon}",),
    arguments={"mon": "a, b or c (c)", "seconds": "how far ahead (2)"},
)
