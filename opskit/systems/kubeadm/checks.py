"""Judge a kubeadm cluster: every check, causes before their consequences. Pure."""

from opskit.core.findings import Finding, by_severity
from opskit.core.parts import Unread, known
from opskit.systems.kubeadm import (
    checks_certificates,
    checks_etcd,
    checks_machines,
    checks_nodes,
    checks_static_pods,
    checks_versions,
)
from opskit.systems.kubeadm.answers import Alarms
from opskit.systems.kubeadm.facts import COMPONENTS, Facts

CHECKS = (
    checks_machines.kubelet_certificate,
    checks_machines.service_stopped,
    checks_machines.disk_full,
    checks_etcd.alarm,
    checks_certificates.certificate_expiry,
    checks_nodes.node_not_ready,
    checks_certificates.certificate_not_loaded,
    checks_etcd.no_leader,
    checks_etcd.member_down,
    checks_static_pods.static_pod,
    checks_machines.api_down,
    checks_machines.pressure,
    checks_machines.dns_down,
    checks_etcd.space,
    checks_etcd.membership,
    checks_etcd.versions,
    checks_versions.api_server_skew,
    checks_versions.kubelet_skew,
    checks_versions.kubelet_lag,
    checks_versions.deprecated_api,
    checks_nodes.node_cordoned,
    checks_certificates.bootstrap_token,
    checks_nodes.blocked_drain,
)
"""In the order in which equally grave findings are told."""


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first."""
    found = [each for judge in CHECKS for each in judge(facts)]
    symptoms = _symptoms(facts)
    return by_severity(each for each in found if (each.code, each.subject) not in symptoms)


def _symptoms(facts: Facts) -> set[tuple[str, str]]:
    """Code and subject of what a graver finding explains."""
    return {
        *_of_nodes(facts),
        *_of_members(facts),
        *_of_full_etcd(facts),
        *_of_full_disks(facts),
        *_of_planes(facts),
    }


def _of_nodes(facts: Facts) -> set[tuple[str, str]]:
    """Nodes that are not Ready because of what they themselves say over SSH.

    A control plane's kubelet speaks to the API server of its own node: without that one it reports nothing.
    """
    return {("kubeadm/NODE_NOT_READY", f"node {name}") for name in _told(facts)}


def _told(facts: Facts) -> set[str]:
    """Nodes that say over SSH what is wrong with kubelet, etcd or the API server there."""
    return {*checks_machines.halted(facts), *checks_static_pods.broken_stores(facts), *_expired(facts)}


def _of_members(facts: Facts) -> set[tuple[str, str]]:
    """Members of nodes that are away, and the pods of members that are told as such."""
    lost = {each.name for each in checks_etcd.down(facts)}
    pods = {("kubeadm/STATIC_POD_NOT_READY", f"etcd on {name}") for name in lost}
    pods |= {("kubeadm/STATIC_POD_MISSING", f"etcd on {name}") for name in lost}
    away = checks_nodes.silent(facts) - set(facts.machines) | _unheard(facts)
    if lost and lost <= away:
        pods.add(("kubeadm/ETCD_MEMBER_DOWN", checks_etcd.members_subject(facts)))
    return pods


def _of_full_etcd(facts: Facts) -> set[tuple[str, str]]:
    """Without writes no controller keeps its lease and no status is true any more: both are no news then."""
    alarms = known(facts.alarms, Alarms()).alarms or []
    if not any(each.name == "NOSPACE" for each in alarms):
        return set()
    pods = {f"{each} on {node}" for each in COMPONENTS for node in facts.plane_names}
    endpoints = {f"etcd at {each.endpoint}" for each in known(facts.endpoints, [])}
    return {
        *(("kubeadm/STATIC_POD_NOT_READY", pod) for pod in pods),
        *(("kubeadm/ETCD_NEAR_QUOTA", endpoint) for endpoint in endpoints),
    }


def _of_full_disks(facts: Facts) -> set[tuple[str, str]]:
    """An etcd that ended because its disk takes nothing more."""
    full = checks_machines.with_full_disk(facts)
    return {("kubeadm/STATIC_POD_NOT_READY", f"etcd on {node}") for node in full}


def _of_planes(facts: Facts) -> set[tuple[str, str]]:
    """The API that is gone, and the controllers that lost it, where a node says why."""
    if not _told(facts) & set(facts.plane_names):
        return set()
    components = ("kube-controller-manager", "kube-scheduler")
    pods = {f"{each} on {node}" for each in components for node in _expired(facts)}
    gone = {("kubeadm/STATIC_POD_NOT_READY", pod) for pod in pods}
    return gone | {("kubeadm/API_SERVER_DOWN", "the API servers")}


def _unheard(facts: Facts) -> set[str]:
    """Nodes that are not Ready and did not answer over SSH either."""
    unread = {name for name, each in facts.machines.items() if isinstance(each, Unread)}
    return unread & checks_nodes.silent(facts)


def _expired(facts: Facts) -> set[str]:
    """Control planes whose API server shows a certificate that has ended."""
    return {
        node
        for node, report in facts.certificates.items()
        if not isinstance(report, Unread)
        for each in report.certificates
        if each.name == "apiserver" and each.expiration_date and each.expiration_date <= facts.now
    }
