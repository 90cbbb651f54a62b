"""Static pods that stop or can't start, certificates that end, and cluster DNS that is gone."""

from datetime import UTC, datetime
from typing import Any

from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kubeadm import etcd, health, reissuing, static_pods
from opskit.sandbox.kubeadm.faults.common import (
    HEALED_WITHIN,
    control_plane,
    deployment,
    wait_for,
)
from opskit.sandbox.kubeadm.layout import Node

_BAD_FLAG = "--feature-gates=NoSuchGate=true"
_SERVING = "kubernetes/pki/apiserver.crt"


def _stop_etcd(sandbox: Broken, *, node: str = "cp1") -> dict[str, Any]:
    chosen = control_plane(sandbox, node)
    static_pods.hold(chosen, "etcd")
    static_pods.wait_stopped(chosen, "etcd")
    return {"node": node}


def _start_etcd(sandbox: Broken, *, node: str = "cp1") -> None:
    chosen = control_plane(sandbox, node)
    static_pods.release(chosen, "etcd")
    wait_for(lambda: etcd.healthy(chosen), what=f"etcd of {node} is healthy", deadline=HEALED_WITHIN)


def _break_manifest(sandbox: Broken, *, node: str = "cp1") -> dict[str, Any]:
    chosen = control_plane(sandbox, node)
    before = _saying(chosen, "NoSuchGate")
    static_pods.add_flag(chosen, "kube-apiserver", _BAD_FLAG)
    _wait_gone(chosen)
    wait_for(
        lambda: not _saying(chosen, "NoSuchGate") <= before, what=f"the new API server of {node} has ended"
    )
    return {"node": node}


def _saying(node: Node, word: str) -> set[tuple[str, int]]:
    """Logs of containers of the API server with that word, and when each was written last."""
    logs = node.folder.glob("log-pods/kube-system_kube-apiserver-*/kube-apiserver/*.log")
    return {(str(log), log.stat().st_mtime_ns) for log in logs if word in log.read_text(errors="replace")}


def _mend_manifest(sandbox: Broken, *, node: str = "cp1") -> None:
    chosen = control_plane(sandbox, node)
    static_pods.restore(chosen, "kube-apiserver")
    _wait_back(chosen)


def _end_certificate(sandbox: Broken, *, node: str = "cp1", hours: float = -1) -> dict[str, Any]:
    chosen = control_plane(sandbox, node)
    since = _now()
    reissuing.reissue(chosen, _SERVING, hours=float(hours))
    static_pods.restart(chosen, "kube-apiserver")
    if float(hours) <= 0:
        _wait_gone(chosen)
    else:
        _wait_back(chosen, since)
        # Controllers that lost their API server start anew, too.
        wait_for(
            lambda: not health.ailments_of(sandbox.site),
            what="all is well but for the certificate",
            deadline=HEALED_WITHIN,
        )
    return {"node": node}


def _give_certificate(sandbox: Broken, *, node: str = "cp1") -> None:
    chosen, since = control_plane(sandbox, node), _now()
    reissuing.give_back(chosen, _SERVING)
    static_pods.restart(chosen, "kube-apiserver")
    _wait_back(chosen, since)


def _wait_gone(node: Node) -> None:
    wait_for(lambda: not health.api_server_ready(node), what=f"the API server of {node.name} is gone")


def _wait_back(node: Node, since: str = "") -> None:
    """Wait until an API server is ready, started since then, and its kubelet has told so."""
    wait_for(
        lambda: health.api_server_ready(node) and _reported(node, since),
        what=f"the API server of {node.name} is ready",
        deadline=HEALED_WITHIN,
    )


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _reported(node: Node, since: str) -> bool:
    """Whether kubelet has told the API server that it is ready, of one that was started since then."""
    pod = api(node.site).get(f"/api/v1/namespaces/kube-system/pods/kube-apiserver-{node.name}")
    started = [
        each.get("state", {}).get("running", {}).get("startedAt", "")
        for each in pod.get("status", {}).get("containerStatuses", [])
    ]
    return health.is_true(pod, "Ready") and min(started, default="") >= since


def _scale_dns_away(sandbox: Broken) -> dict[str, Any]:
    before = deployment(sandbox, "coredns")["spec"]["replicas"]
    _scale_dns(sandbox, 0)
    wait_for(lambda: not deployment(sandbox, "coredns")["status"].get("replicas"), what="CoreDNS is gone")
    return {"replicas": before or 2}


def _scale_dns_back(sandbox: Broken, *, replicas: int = 2) -> None:
    _scale_dns(sandbox, int(replicas))
    wait_for(
        lambda: deployment(sandbox, "coredns")["status"].get("readyReplicas") == int(replicas),
        what="CoreDNS is ready",
        deadline=HEALED_WITHIN,
    )


def _scale_dns(sandbox: Broken, replicas: int) -> None:
    path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    api(sandbox.site).patch(path, {"spec": {"replicas": replicas}})


ETCD_STOPPED = Fault(
    name="etcd-stopped",
    summary="Takes etcd's manifest away on one control plane: the member stops.",
    seen="`etcdctl endpoint health --cluster`: one member unhealthy, and its own API server is not ready. "
    "Where it was the only one, kubectl gets no answer or a time-out.",
    inject=_stop_etcd,
    heal=_start_etcd,
    victims=("the node {node}",),
    arguments={"node": "which control plane; cp1"},
)
MANIFEST_BROKEN = Fault(
    name="apiserver-manifest-broken",
    summary="Adds a feature gate that does not exist to one API server's manifest.",
    seen="On the node, `crictl ps -a --name kube-apiserver`: it ends again and again; `crictl logs` says "
    "`unrecognized feature gate: NoSuchGate`. With one control plane, kubectl gets no answer.",
    inject=_break_manifest,
    heal=_mend_manifest,
    victims=("the node {node}",),
    arguments={"node": "which control plane; cp1"},
)
CERTIFICATE_ENDS = Fault(
    name="apiserver-certificate-ends",
    summary="Gives one API server a certificate that ended an hour ago, or ends in so many hours.",
    seen="kubectl, kubelets and controllers: `x509: certificate has expired or is not yet valid`; on the "
    "node, `kubeadm certs check-expiration`: invalid. With hours left, only the latter tells.",
    inject=_end_certificate,
    heal=_give_certificate,
    victims=("the node {node}",),
    arguments={
        "node": "which control plane; cp1",
        "hours": "from now until it ends, negative: it is over; -1",
    },
)
DNS_GONE = Fault(
    name="dns-gone",
    summary="Scales CoreDNS to 0.",
    seen="`kubectl -n kube-system get deploy coredns`: 0/0; no name of a Service can be resolved in a pod.",
    inject=_scale_dns_away,
    heal=_scale_dns_back,
)
