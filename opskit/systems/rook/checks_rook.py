"""Rook itself: what it says of the cluster, whether it works, and what could not be read."""

from datetime import UTC, datetime, timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.rook import causes
from opskit.systems.rook.answers import Status
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import UNASKED, finding, judges
from opskit.systems.rook.kinds import CephCluster

STALE = timedelta(minutes=15)
"""Rook looks at Ceph every minute."""
VITAL = {"status", "health", "tree", "osd_dump", "osd_df"}
"""Without these, silence must not be taken for health."""
UNTOLD = ("growth",)
"""Parts that many clusters lack; what would follow from them is simply not judged."""


_MOVE_TOOLBOX = "Let it run elsewhere: `kubectl delete pod --force` of the one that hangs (it keeps no data)."


@judges()
def not_installed(facts: Facts) -> list[Finding]:
    """No CRDs, no CephCluster, or no toolbox: why Ceph is not judged."""
    if isinstance(facts.cluster, Unread) and facts.cluster.error == "NotInstalled":
        return [finding("NOT_INSTALLED", "Rook", "Rook is not installed.", evidence=[_why(facts.cluster)])]
    found: list[Finding] = []
    if facts.cluster is None:
        found.append(finding("NO_CLUSTER", f"namespace {facts.namespace}", "There is no CephCluster here."))
    if (silence := unasked(facts)) is not None:
        found.append(_toolbox_missing(facts, silence))
    return found


def unasked(facts: Facts) -> Unread | None:
    """Why Ceph was not asked at all; None when it was."""
    status = facts.status
    return status if isinstance(status, Unread) and status.error in UNASKED else None


def _toolbox_missing(facts: Facts, silence: Unread) -> Finding:
    cause, remedy, evidence = "", None, (_why(silence),)
    if silence.error == "Forbidden":
        cause = "The credential in use may not run a command in the toolbox, so Ceph was not asked."
        remedy = Remedy(text="Use a credential with the right that is named, or have it granted.")
    elif (why := _toolbox_down(facts)) is not None:
        cause, evidence = why.text, (*evidence, *why.evidence)
        remedy = Remedy(text=_MOVE_TOOLBOX)
    return finding(
        "TOOLBOX_MISSING",
        f"namespace {facts.namespace}",
        f"Ceph can't be asked: {silence.reason}",
        evidence=evidence,
        cause=cause,
        remedy=remedy,
    )


def _toolbox_down(facts: Facts) -> causes.Cause | None:
    """Why the toolbox does not run: its node, or itself."""
    label, _, value = facts.toolbox.selector.partition("=")
    pods = [pod for pod in known(facts.pods, []) if pod.labels.get(label) == value]
    nodes = [facts.node_of.get(pod.spec.node_name) for pod in pods]
    return next(filter(None, map(causes.of_node, nodes)), None) or causes.of_pods(tuple(pods))


def _why(part: Unread) -> Evidence:
    return Evidence(text=f"{part.part}: {part.error}: {part.reason}")


@judges()
def part_unread(facts: Facts) -> list[Finding]:
    """Parts that could not be read; those of one reason are told once, those of a missing toolbox with it."""
    reasons: dict[str, list[str]] = {}
    silence = unasked(facts)
    told = silence.reason if silence else ""
    for part in facts.unread:
        if part.part not in UNTOLD and part.error != "NotInstalled" and part.reason != told:
            reasons.setdefault(part.reason, []).append(part.part)
    return [
        finding(
            "PART_UNREAD",
            some(parts),
            f"{some(parts)} could not be read: {reason}",
            severity=Severity.WARNING if VITAL & set(parts) else Severity.INFO,
            evidence=[Evidence(text=reason)],
        )
        for reason, parts in reasons.items()
    ]


def _cluster(facts: Facts) -> CephCluster | None:
    return known(facts.cluster, None)


@judges()
def rook_ready_not_healthy(facts: Facts) -> list[Finding]:
    """The CephCluster says Ready while Ceph is not healthy."""
    cluster = _cluster(facts)
    health = known(facts.health, known(facts.status, Status()).health).status
    if not cluster or not cluster.status or cluster.status.phase != "Ready" or health in ("", "HEALTH_OK"):
        return []
    seen = cluster.status.ceph.health if cluster.status.ceph else "nothing"
    return [
        finding(
            "ROOK_READY_NOT_HEALTHY",
            f"CephCluster {cluster.name}",
            f"CephCluster {cluster.name} is Ready, but Ceph says {health}.",
            evidence=[
                Evidence(
                    text=f"status.phase Ready, status.ceph.health {seen}",
                    command=f"kubectl -n {facts.namespace} get cephcluster {cluster.name} -o yaml",
                )
            ],
        )
    ]


@judges()
def rook_not_ready(facts: Facts) -> list[Finding]:
    """The CephCluster, or another resource of Rook, is not as its spec wants."""
    found: list[Finding] = []
    cluster = _cluster(facts)
    if cluster and cluster.status and cluster.status.phase not in ("", "Ready", "Connected"):
        found.append(
            _not_ready(
                facts,
                "ROOK_NOT_READY",
                "CephCluster",
                cluster.name,
                cluster.status.phase,
                cluster.status.message,
            )
        )
    resources = (
        *(("CephBlockPool", each) for each in known(facts.block_pools, [])),
        *(("CephFilesystem", each) for each in known(facts.filesystems, [])),
        *(("CephObjectStore", each) for each in known(facts.object_stores, [])),
        *known(facts.others, []),
    )
    for kind, each in resources:
        if each.status and each.status.phase not in ("", "Ready", "Connected", "Created"):
            found.append(
                _not_ready(
                    facts, "ROOK_RESOURCE_NOT_READY", kind, each.name, each.status.phase, each.status.message
                )
            )
    return found


def _not_ready(facts: Facts, code: str, kind: str, name: str, phase: str, message: str) -> Finding:
    severity = Severity.ERROR if phase in ("Failure", "Error", "Failed") else Severity.WARNING
    return finding(
        code,
        f"{kind} {name}",
        f"{kind} {name} is in phase {phase}{': ' + message if message else ''}.",
        severity=severity,
        evidence=[
            Evidence(
                text=f"status.phase {phase}",
                command=f"kubectl -n {facts.namespace} describe {kind.lower()} {name}",
            )
        ],
    )


@judges()
def operator_down(facts: Facts) -> list[Finding]:
    """The operator is scaled to 0 or not ready."""
    operators = known(facts.operator, [])
    stopped = [each for each in operators if not each.status.ready_replicas]
    if not stopped:
        return []
    paused = causes.operator_paused(facts)
    return [
        finding(
            "OPERATOR_DOWN",
            f"deployment {stopped[0].name}",
            "Rook's operator is scaled to 0: nothing is reconciled."
            if paused
            else "Rook's operator is not ready.",
            evidence=[
                Evidence(
                    text=f"replicas {stopped[0].spec.replicas}, ready 0",
                    command=f"kubectl -n {stopped[0].namespace} get deployment {stopped[0].name}",
                )
            ],
            cause="A procedure paused it and has not resumed it, or somebody forgot."
            if paused
            else "Its pod does not run.",
            remedy=Remedy(
                text=f"`kubectl -n {stopped[0].namespace} scale deployment {stopped[0].name} --replicas=1`, "
                "unless a run that paused it is under way (`opskit runs`)."
            ),
        )
    ]


@judges()
def rook_status_stale(facts: Facts) -> list[Finding]:
    """The operator has not looked at Ceph for a while, though it runs."""
    cluster = _cluster(facts)
    checked = cluster.status.ceph.last_checked if cluster and cluster.status and cluster.status.ceph else ""
    try:
        when = datetime.fromisoformat(checked).astimezone(UTC)
    except ValueError:
        return []
    if facts.now - when < STALE or not cluster:
        return []
    return [
        finding(
            "ROOK_STATUS_STALE",
            f"CephCluster {cluster.name}",
            f"Rook last looked at Ceph at {causes.clock(when)}.",
            evidence=[
                Evidence(text=f"status.ceph.lastChecked {checked}", command="kubectl get cephcluster -o yaml")
            ],
        )
    ]


@judges()
def cleanup_confirmed(facts: Facts) -> list[Finding]:
    """A confirmed cleanup policy: reconciliation is stopped and deletion would wipe the disks."""
    cluster = _cluster(facts)
    policy = cluster.spec.cleanup_policy if cluster else None
    if cluster is None or policy is None or not policy.confirmation:
        return []
    return [
        finding(
            "CLEANUP_CONFIRMED",
            f"CephCluster {cluster.name}",
            f"spec.cleanupPolicy.confirmation is {policy.confirmation!r}.",
            evidence=[Evidence(text=policy.confirmation, command="kubectl get cephcluster -o yaml")],
        )
    ]


@judges()
def daemon_not_ready(facts: Facts) -> list[Finding]:
    """Gateways, MDS, mirrors and managers whose Deployment lacks a ready pod while Ceph itself is content."""
    told = ("rook-ceph-osd", "rook-ceph-mon", "rook-ceph-operator", "rook-ceph-tools")
    lacking = [
        each
        for each in known(facts.deployments, [])
        if each.labels.get("app", "").startswith("rook-ceph-")
        and each.labels["app"] not in told
        and each.status.ready_replicas < each.spec.replicas
    ]
    found: list[Finding] = []
    for each in lacking[:10]:
        pods = tuple(pod for pod in known(facts.pods, []) if pod.name.startswith(f"{each.name}-"))
        why = causes.of_pods(pods)
        summary = f"{each.name} has {each.status.ready_replicas} of {each.spec.replicas} pods ready."
        shown = Evidence(
            text=summary, command=f"kubectl -n {facts.namespace} get pods -l app={each.labels['app']}"
        )
        found.append(
            finding(
                "DAEMON_NOT_READY",
                f"deployment {each.name}",
                summary,
                evidence=[shown, *(why.evidence if why else ())],
                cause=why.text if why else "",
            )
        )
    return found
