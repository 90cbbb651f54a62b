"""Versions that may not stand beside each other, and what an upgrade would break."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.kubeadm.facts import Facts
from opskit.systems.kubeadm.judging import finding
from opskit.systems.kubeadm.versions import KUBELET_BEHIND, Version, parse

_SKEW = "https://kubernetes.io/releases/version-skew-policy/"
_NODES = "kubectl get nodes"


def oldest(facts: Facts) -> Version | None:
    """The oldest API server: what a kubelet must not be newer than."""
    return min(facts.api_servers.values(), default=facts.server)


def api_server_skew(facts: Facts) -> Iterator[Finding]:
    """API servers more than one minor apart, or an upgrade that stands half-way."""
    versions = facts.api_servers
    if len(set(versions.values())) < 2:
        return
    low, high = min(versions.values()), max(versions.values())
    apart = high.minor - low.minor
    told = some(f"{node} {version}" for node, version in sorted(versions.items()))
    yield finding(
        "API_SERVER_SKEW",
        Severity.ERROR if apart > 1 else Severity.WARNING,
        "the API servers",
        f"The API servers are of different versions: {told}.",
        evidence=[
            Evidence(text=told, command="kubectl -n kube-system get pods -l component=kube-apiserver -o yaml")
        ],
        cause="An upgrade of the control plane was begun and not finished.",
        remedy=Remedy(
            text=f"Go on with `kubeadm upgrade node` on those that are older than {high}; they may be "
            "one minor apart, no more."
        ),
        source="tasks/administer-cluster/kubeadm/kubeadm-upgrade/",
    )


def kubelet_skew(facts: Facts) -> Iterator[Finding]:
    """Kubelets newer than an API server, or too old for it."""
    server = oldest(facts)
    if server is None:
        return
    newer: list[str] = []
    behind: list[str] = []
    for node in known(facts.nodes, []):
        version = parse(node.status.node_info.kubelet_version)
        if version is None:
            continue
        if (version.major, version.minor) > (server.major, server.minor):
            newer.append(f"{node.name} {version}")
        elif server.minor - version.minor > KUBELET_BEHIND:
            behind.append(f"{node.name} {version}")
    if newer:
        yield _skew(
            "KUBELET_TOO_NEW",
            newer,
            f"newer than the API server ({server})",
            "Upgrade the control plane first.",
        )
    if behind:
        yield _skew(
            "KUBELET_TOO_OLD",
            behind,
            f"more than {KUBELET_BEHIND} minors older than the API server ({server})",
            "Drain and upgrade them, one at a time.",
        )


def _skew(code: str, nodes: list[str], how: str, what: str) -> Finding:
    return finding(
        code,
        Severity.ERROR,
        f"kubelets of {some(each.split()[0] for each in nodes)}",
        f"{len(nodes)} kubelet{' is' if len(nodes) == 1 else 's are'} {how}: {some(nodes)}.",
        evidence=[Evidence(text=some(nodes), command=_NODES)],
        cause="Nodes and control plane were upgraded out of order, or nodes were forgotten.",
        remedy=Remedy(text=f"{what} The rules: {_SKEW}"),
        source="tasks/administer-cluster/kubeadm/kubeadm-upgrade/",
    )


def kubelet_lag(facts: Facts) -> Iterator[Finding]:
    """Kubelets that are allowed to be, but are not, of the API server's minor."""
    server = oldest(facts)
    if server is None:
        return
    lag = [
        f"{node.name} {version}"
        for node in known(facts.nodes, [])
        if (version := parse(node.status.node_info.kubelet_version)) is not None
        and 0 < server.minor - version.minor <= KUBELET_BEHIND
    ]
    if lag:
        yield finding(
            "KUBELET_BEHIND",
            Severity.INFO,
            f"kubelets of {some(each.split()[0] for each in lag)}",
            f"{len(lag)} nodes wait for their upgrade to {server.release}: {some(lag)}.",
            evidence=[Evidence(text=some(lag), command=_NODES)],
            cause="The control plane is upgraded first; nodes follow, each drained before its minor changes.",
            remedy=Remedy(text="Drain, `kubeadm upgrade node`, new kubelet, return: one node at a time."),
            source="tasks/administer-cluster/kubeadm/upgrading-linux-nodes/",
        )


def deprecated_api(facts: Facts) -> Iterator[Finding]:
    """Deprecated APIs in use that a coming minor no longer serves."""
    if facts.server is None:
        return
    for api in known(facts.deprecated, []):
        removed = parse(api.removed_release) if api.removed_release else None
        soon = removed is not None and removed.minor <= facts.server.minor + 1
        name = f"{api.resource}.{api.version}.{api.group}".rstrip(".")
        when = (
            f"Kubernetes {api.removed_release} no longer serves it" if removed else "its end is not set yet"
        )
        yield finding(
            "DEPRECATED_API_IN_USE",
            Severity.WARNING if soon else Severity.INFO,
            name,
            f"{name} is deprecated and was asked for since the API server started; {when}.",
            evidence=[
                Evidence(
                    text="apiserver_requested_deprecated_apis",
                    command="kubectl get --raw /metrics | grep apiserver_requested_deprecated_apis",
                )
            ],
            cause="A client, a controller or a stored manifest still uses the old version.",
            remedy=Remedy(
                text='Find the client in the audit log (annotation k8s.io/deprecated: "true") and '
                "move it before the upgrade."
            ),
            source="reference/using-api/deprecation-guide/",
        )
