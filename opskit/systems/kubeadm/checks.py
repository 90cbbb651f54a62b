"""Judge a kubeadm cluster: every check, causes before their consequences. Pure."""

from opskit.core.findings import Finding, by_severity
from opskit.systems.kubeadm import checks_certificates, checks_etcd, checks_nodes, checks_versions
from opskit.systems.kubeadm.facts import Facts

CHECKS = (
    checks_nodes.node_not_ready,
    checks_certificates.certificate_expiry,
    checks_certificates.certificate_not_loaded,
    checks_etcd.alarm,
    checks_etcd.no_leader,
    checks_etcd.member_down,
    checks_nodes.static_pod,
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
    return by_severity(_folded(facts, found))


def _folded(facts: Facts, found: list[Finding]) -> list[Finding]:
    """Without what a graver finding explains: etcd members and pods of a node that is away."""
    away = checks_nodes.silent(facts)
    lost = {each.name for each in checks_etcd.down(facts)}
    whole = lost and lost <= away
    told = any(each.code == "kubeadm/ETCD_NO_QUORUM" for each in found)
    drop = {"kubeadm/ETCD_MEMBER_DOWN"} if whole and not told else set[str]()
    symptoms = {f"etcd on {name}" for name in lost}
    return [
        each
        for each in found
        if each.code not in drop
        and not (each.code == "kubeadm/STATIC_POD_NOT_READY" and each.subject in symptoms)
    ]
