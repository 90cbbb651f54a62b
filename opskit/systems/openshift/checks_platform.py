"""The cluster's version, its operators and its pools."""

from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some, spoken
from opskit.systems.openshift.chain import roots
from opskit.systems.openshift.checks_pools import pool_ill
from opskit.systems.openshift.facts import Facts, condition, says
from opskit.systems.openshift.judging import OPERATORS_DOC, UPDATE_DOC, finding, lasting, said
from opskit.systems.openshift.kinds import ClusterOperator, ClusterVersion

LONG_UPDATE = timedelta(hours=3)
"""Longer than an update takes as a rule."""
LONG_PROGRESS = timedelta(hours=1)

_SHOW_VERSION = "oc get clusterversion version -o yaml"


def _version(facts: Facts) -> ClusterVersion | None:
    return facts.version if isinstance(facts.version, ClusterVersion) else None


def cluster_version_failing(facts: Facts) -> list[Finding]:
    """The update operator can't apply the release, or refuses the one that is wanted."""
    version = _version(facts)
    if version is None:
        return []
    conditions = version.status.conditions
    wrong = [("Failing", "True"), ("Invalid", "True"), ("ReleaseAccepted", "False"), ("Available", "False")]
    bad = [each for name, status in wrong if (each := condition(conditions, name)) and each.status == status]
    if not bad:
        return []
    return [
        finding(
            "CLUSTER_VERSION_FAILING",
            Severity.ERROR,
            f"ClusterVersion {version.status.desired.version}",
            f"The cluster version operator can't apply {version.status.desired.version}: {bad[0].reason}.",
            evidence=[Evidence(text=said(each), command=_SHOW_VERSION) for each in bad],
            cause=bad[0].message or bad[0].reason or "It gives no reason.",
            remedy=Remedy(text="mend the operator that it names; never use `--force`"),
            source=UPDATE_DOC,
        )
    ]


def update_stuck(facts: Facts) -> list[Finding]:
    """An update that takes longer than updates do."""
    version = _version(facts)
    history = version.status.history or [] if version else []
    if version is None or not history or history[0].state != "Partial":
        return []
    time = lasting(history[0].started_time, facts.now)
    if time < LONG_UPDATE:
        return []
    progress = condition(version.status.conditions, "Progressing")
    return [
        finding(
            "UPDATE_STUCK",
            Severity.ERROR,
            f"ClusterVersion {history[0].version}",
            f"The update to {history[0].version} has been under way for {spoken(time)}.",
            evidence=[
                Evidence(text=said(progress) if progress else "history: Partial", command=_SHOW_VERSION)
            ],
            cause=(progress.message if progress else "") or "An operator or a pool holds it.",
            remedy=Remedy(text="mend the operator or the pool that is named; the update goes on by itself"),
            source=UPDATE_DOC,
        )
    ]


def updates_not_retrieved(facts: Facts) -> list[Finding]:
    """The cluster does not learn of updates."""
    version = _version(facts)
    retrieved = condition(version.status.conditions, "RetrievedUpdates") if version else None
    if version is None or retrieved is None or retrieved.status != "False" or not version.spec.channel:
        return []
    return [
        finding(
            "UPDATES_NOT_RETRIEVED",
            Severity.INFO,
            f"channel {version.spec.channel}",
            "The cluster does not learn which updates there are.",
            evidence=[Evidence(text=said(retrieved), command=_SHOW_VERSION)],
            cause=retrieved.message or "The update service can't be reached, as on a disconnected cluster.",
            remedy=Remedy(text="check the proxy, or spec.upstream; disconnected: install an update service"),
            source=UPDATE_DOC,
        )
    ]


def cluster_operator(facts: Facts) -> list[Finding]:
    """Cluster operators that are not available or degraded: the guilty one, the others folded into it."""
    operators = {each.name: each for each in known(facts.operators, [])}
    pools = [each.name for each in known(facts.pools, []) if pool_ill(each)]
    return [
        _operator(facts, operators[root], [operators[each] for each in followers])
        for root, followers in roots(operators.values()).items()
        if not (root == "machine-config" and pools)
    ]


def _operator(facts: Facts, operator: ClusterOperator, followers: list[ClusterOperator]) -> Finding:
    conditions = operator.status.conditions
    gone, ill = condition(conditions, "Available"), condition(conditions, "Degraded")
    away = gone is not None and gone.status == "False"
    code = "CLUSTER_OPERATOR_UNAVAILABLE" if away else "CLUSTER_OPERATOR_DEGRADED"
    worst, state = (gone, "not available") if away else (ill, "degraded")
    bad = [each for each in (gone, ill) if each and (each.type, each.status) in _BAD]
    time = lasting(worst.last_transition_time if worst else None, facts.now)
    tail = f"; {some(each.name for each in followers)} with it" if followers else ""
    return finding(
        code,
        Severity.CRITICAL if away else Severity.ERROR,
        f"ClusterOperator {operator.name}",
        f"The operator {operator.name} is {state} for {spoken(time)}{tail}.",
        evidence=[
            *(
                Evidence(text=said(each), command=f"oc describe clusteroperator {operator.name}")
                for each in bad
            ),
            *(
                Evidence(text=f"follows: {each.name}: {said(one)}", command="oc get clusteroperators")
                for each in followers
                for one in each.status.conditions or []
                if (one.type, one.status) in _BAD
            ),
        ],
        cause=(worst.message or worst.reason if worst else "") or "It gives no reason.",
        remedy=Remedy(text=_next(operator.name)),
        source=OPERATORS_DOC,
    )


_BAD = (("Available", "False"), ("Degraded", "True"))

_NEXT = {
    "authentication": "oc -n openshift-authentication get pods,routes",
    "console": "oc -n openshift-console get pods,routes",
    "dns": "oc -n openshift-dns get pods -o wide; oc -n openshift-dns logs ds/dns-default -c dns",
    "etcd": "oc -n openshift-etcd get pods; "
    "oc -n openshift-etcd rsh etcd-NODE etcdctl endpoint health --cluster",
    "image-registry": "oc -n openshift-image-registry get pods; oc get config.imageregistry cluster -o yaml",
    "ingress": "oc -n openshift-ingress get pods -o wide; oc -n openshift-ingress-canary get pods,routes; "
    "oc -n openshift-ingress-operator logs deploy/ingress-operator | grep -i canary",
    "machine-config": "oc get machineconfigpools; oc -n openshift-machine-config-operator get pods -o wide",
    "monitoring": "oc -n openshift-monitoring get pods,pvc",
    "network": "oc -n openshift-ovn-kubernetes get pods -o wide; oc describe network.operator cluster",
    "storage": "oc get storageclass,csidriver; oc -n openshift-cluster-storage-operator get pods",
}


def _next(operator: str) -> str:
    default = f"oc describe clusteroperator {operator}; oc -n openshift-{operator} get pods"
    return _NEXT.get(operator, default)


def cluster_operator_progressing(facts: Facts) -> list[Finding]:
    """Operators that have been at something for longer than they should, while no update is under way."""
    version = _version(facts)
    if version is not None and says(version.status.conditions, "Progressing", "True"):
        return []
    return [
        finding(
            "CLUSTER_OPERATOR_PROGRESSING",
            Severity.WARNING,
            f"ClusterOperator {each.name}",
            f"The operator {each.name} has been rolling something out for {spoken(time)}.",
            evidence=[Evidence(text=said(busy), command=f"oc describe clusteroperator {each.name}")],
            cause=busy.message or busy.reason or "It gives no reason.",
            remedy=Remedy(text=_next(each.name)),
            source=OPERATORS_DOC,
        )
        for each in known(facts.operators, [])
        if (busy := condition(each.status.conditions, "Progressing")) and busy.status == "True"
        if (time := lasting(busy.last_transition_time, facts.now)) > LONG_PROGRESS
        if not says(each.status.conditions, "Degraded", "True")
    ]


def not_upgradeable(facts: Facts) -> list[Finding]:
    """Operators that forbid an update to the next minor version."""
    version = _version(facts)
    conditions = version.status.conditions if version else None
    whole = condition(conditions, "Upgradeable")
    by = [
        each.name
        for each in known(facts.operators, [])
        if says(each.status.conditions, "Upgradeable", "False")
    ]
    if not by and (whole is None or whole.status != "False"):
        return []
    evidence = [Evidence(text=said(whole), command=_SHOW_VERSION)] if whole else []
    return [
        finding(
            "NOT_UPGRADEABLE",
            Severity.INFO,
            "the next minor version",
            f"{some(by) or 'The cluster'} forbids an update to the next minor version; patches are allowed.",
            evidence=evidence,
            cause=(whole.message if whole else "") or "Its Upgradeable condition tells.",
            remedy=Remedy(text="read the reasons", runbook="openshift/upgrade-readiness"),
            source=UPDATE_DOC,
        )
    ]


CHECKS = (
    cluster_version_failing,
    update_stuck,
    cluster_operator,
    cluster_operator_progressing,
    not_upgradeable,
    updates_not_retrieved,
)
