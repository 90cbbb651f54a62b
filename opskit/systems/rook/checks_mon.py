"""Monitors and managers."""

import re
from collections.abc import Mapping
from statistics import median

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.rook import causes
from opskit.systems.rook.answers_daemons import MonDump, Skew, TimeSync
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import UNASKED, finding, judges, raised, said
from opskit.systems.rook.workloads import Deployment

DRIFT_ALLOWED = 0.05
"""Seconds; `mon_clock_drift_allowed`."""
_SKEW = re.compile(r"mon\.(\S+) clock skew ([\d.]+)s")
_NAMED = re.compile(r"^mon\.(\S+) ")
_DISK = re.compile(r"mon\.(\S+) has (\d+)% avail")


@judges("MON_DOWN")
def mon_down(facts: Facts) -> list[Finding]:
    """Monitors of the monmap that are out of quorum, and how many more may go."""
    dump = known(facts.mon_dump, MonDump())
    out = [mon for mon in dump.mons if mon.rank not in dump.quorum] if dump.quorum else []
    if not out:
        return []
    spare = len(dump.quorum) - (len(dump.mons) // 2 + 1)
    names = some(f"mon.{mon.name}" for mon in out)
    why = of_daemon(facts, "rook-ceph-mon", out[0].name)
    return [
        finding(
            "MON_DOWN",
            names,
            f"Out of quorum: {names}. {len(dump.quorum)} of {len(dump.mons)} serve, "
            f"{'none' if spare <= 0 else spare} more may be lost.",
            severity=Severity.ERROR if spare <= 0 else Severity.WARNING,
            evidence=[
                *said(facts, "MON_DOWN"),
                Evidence(text=f"quorum {dump.quorum} of {len(dump.mons)}", command="ceph quorum_status"),
                *why.evidence,
            ],
            cause=why.text,
            remedy=Remedy(
                text=f"Bring mon.{out[0].name} back; Rook replaces it after ten minutes by itself."
            ),
        )
    ]


def of_daemon(facts: Facts, app: str, name: str) -> causes.Cause:
    """Why a daemon that is no OSD does not run, as far as Kubernetes tells."""
    deployment = _named(known(facts.deployments, []), app, name)
    pods = tuple(pod for pod in known(facts.pods, []) if _is(pod, app, name))
    node = next((facts.node_of.get(pod.spec.node_name) for pod in pods if pod.spec.node_name), None)
    if (found := causes.of_node(node)) is not None:
        return found
    if deployment is not None and deployment.spec.replicas == 0:
        return causes.Cause(text=f"Deployment {deployment.name} is scaled to 0.", stopped_on_purpose=True)
    if (found := causes.of_pods(pods)) is not None:
        return found
    if deployment is None and isinstance(facts.deployments, list) and facts.deployments:
        return causes.Cause(text=f"No Deployment of {app} is for {name}: it was removed or never made.")
    return causes.Cause(
        text="Kubernetes shows nothing wrong: look at its log and at the network to its peers."
    )


def _named(deployments: list[Deployment], app: str, name: str) -> Deployment | None:
    return next((each for each in deployments if _is(each, app, name)), None)


def _is(thing: Deployment | Pod, app: str, name: str) -> bool:
    labels = thing.labels
    return labels.get("app") == app and name in (
        labels.get("ceph_daemon_id"),
        labels.get(app.rpartition("-")[2]),
    )


@judges()
def mon_count(facts: Facts) -> list[Finding]:
    """Monitors that are too few to lose one, or of an even number."""
    dump = known(facts.mon_dump, MonDump())
    if not dump.mons or (len(dump.mons) >= 3 and len(dump.mons) % 2):
        return []
    number = len(dump.mons)
    losses = (number - 1) // 2
    return [
        finding(
            "MON_COUNT",
            count(number, "monitor"),
            f"{count(number, 'monitor')}: {'no' if losses == 0 else losses} loss is survived.",
            severity=Severity.INFO,
            evidence=[Evidence(text=f"the monmap holds {number}", command="ceph mon dump")],
        )
    ]


@judges("MON_CLOCK_SKEW")
def mon_clock_skew(facts: Facts) -> list[Finding]:
    """Monitors whose clock is off, by how many seconds, on which node."""
    measured = known(facts.time_sync, TimeSync()).time_skew_status
    skews = {name: each.skew for name, each in measured.items() if abs(each.skew) > DRIFT_ALLOWED}
    check = facts.raised.get("MON_CLOCK_SKEW")
    for line in check.detail if check else []:
        if match := _SKEW.search(line.message):
            skews.setdefault(match[1], float(match[2]))
    if not check:
        return []
    if (leader := _leader_alone_off(measured, skews)) is not None:
        return [_skewed(facts, leader, -median(skews.values()), than="all others'")]
    return [_skewed(facts, name, skew, than="the leader's") for name, skew in skews.items()]


def _leader_alone_off(measured: Mapping[str, Skew], skews: Mapping[str, float]) -> str | None:
    """The leader, when two or more agree with each other and not with it: its clock is the wrong one."""
    leaders = measured.keys() - skews.keys()
    apart = max(skews.values(), default=0.0) - min(skews.values(), default=0.0)
    if len(skews) < 2 or len(leaders) != 1 or apart > DRIFT_ALLOWED:
        return None
    return next(iter(leaders))


def _skewed(facts: Facts, name: str, skew: float, *, than: str) -> Finding:
    node = next((p.spec.node_name for p in known(facts.pods, []) if _is(p, "rook-ceph-mon", name)), "")
    where = f"node {node}" if node else "its node"
    return finding(
        "MON_CLOCK_SKEW",
        f"mon.{name}" + (f" on {node}" if node else ""),
        f"The clock of mon.{name} is {abs(skew):.3g} s {'ahead of' if skew > 0 else 'behind'} {than}; "
        f"{DRIFT_ALLOWED} s are allowed.",
        evidence=[
            *said(facts, "MON_CLOCK_SKEW"),
            Evidence(text=f"mon.{name}: {skew:+.6g} s", command="ceph time-sync-status"),
        ],
        cause=f"Time synchronisation of {where} does not work.",
        remedy=Remedy(text=f"On {where}: `chronyc tracking`, `chronyc sources`; mend its time servers."),
    )


@judges("MON_DISK_LOW", "MON_DISK_CRIT")
def mon_disk(facts: Facts) -> list[Finding]:
    """Monitors whose store has little space left."""
    return [
        _disk(facts, code, line.message)
        for code in ("MON_DISK_CRIT", "MON_DISK_LOW")
        if raised(facts, code)
        for line in facts.raised[code].detail
    ]


def _disk(facts: Facts, code: str, message: str) -> Finding:
    match, named = _DISK.search(message), _NAMED.match(message)
    who = f"mon.{match[1] if match else named[1] if named else '?'}"
    left = f"{match[2]} % of its file system left" if match else "little space left"
    where = known(facts.cluster, None)
    path = where.spec.data_dir_host_path if where else ""
    return finding(
        code,
        who,
        f"{who} has {left}.",
        evidence=[Evidence(text=message, command="ceph health detail")],
        cause=f"Something fills the file system of {path or 'the monitor store'} on its node.",
    )


@judges("MGR_DOWN")
def mgr_down(facts: Facts) -> list[Finding]:
    """No active manager."""
    status = facts.status
    if isinstance(status, Unread) or (status.mgrmap.available and not raised(facts, "MGR_DOWN")):
        return []
    deployed = [d for d in known(facts.deployments, []) if d.labels.get("app") == "rook-ceph-mgr"]
    name = deployed[0].labels.get("ceph_daemon_id", "") if deployed else ""
    why = of_daemon(facts, "rook-ceph-mgr", name)
    return [
        finding(
            "MGR_DOWN",
            "the managers",
            "No manager is active: figures stand still and what only a manager answers could not be read.",
            evidence=[
                *said(facts, "MGR_DOWN"),
                Evidence(text="mgrmap.available is false", command="ceph mgr stat"),
                *why.evidence,
            ],
            cause=why.text,
        )
    ]


_API_SILENT = ("Unreachable", "Untrusted", "DeadlineExceeded", "Unauthorized", "BadAnswer")
"""Where the API server itself can't be asked, nothing is known of Ceph."""


@judges()
def ceph_silent(facts: Facts) -> list[Finding]:
    """Ceph does not answer though the toolbox runs: no quorum, or the toolbox can't reach it."""
    status = facts.status
    if not isinstance(status, Unread) or status.error in (*UNASKED, "NotInSnapshot", "BadAnswer"):
        return []
    if isinstance(facts.deployments, Unread) and facts.deployments.error in _API_SILENT:
        return []
    deployed = [d for d in known(facts.deployments, []) if d.labels.get("app") == "rook-ceph-mon"]
    running = [d for d in deployed if d.status.ready_replicas]
    many = (
        f"{len(running)} of {count(len(deployed), 'monitor')} run" if deployed else "no monitor is deployed"
    )
    lost = bool(deployed) and len(running) <= len(deployed) // 2
    return [
        finding(
            "CEPH_SILENT",
            "the monitors",
            f"Ceph does not answer; {many}" + (": quorum is lost." if lost else "."),
            evidence=[Evidence(text=status.reason, command="ceph --connect-timeout=10 status")],
            cause="Too few monitors run for a quorum." if lost else "The monitors hang or can't be reached.",
            remedy=Remedy(
                text="Bring monitors back until a majority runs: `kubectl get deploy -l app=rook-ceph-mon`."
            ),
        )
    ]
