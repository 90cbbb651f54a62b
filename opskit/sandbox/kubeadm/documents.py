"""What kubeadm is told: its configuration documents."""

from typing import Any

from opskit.sandbox.kubeadm import cgroups
from opskit.sandbox.kubeadm.joining import Joining
from opskit.sandbox.kubeadm.layout import Node, control_planes, endpoint, nodes, pod_network
from opskit.sandbox.waiting import patience

Document = dict[str, Any]

_KUBEADM = {"apiVersion": "kubeadm.k8s.io/v1beta4"}
_GRACE = {"node-monitor-grace-period": "20s", "node-monitor-period": "2s"}
_LEASE_SECONDS = 12
_PATIENCE = {
    "controlPlaneComponentHealthCheck": 240,
    "kubeletHealthCheck": 240,
    "kubernetesAPICall": 60,
    "etcdAPICall": 120,
    "tlsBootstrap": 300,
    "discovery": 300,
}
"""Seconds that kubeadm waits: its own defaults, which OPSKIT_PATIENCE stretches as it does all others."""


def init(node: Node, version: str, joining: Joining) -> list[Document]:
    """Of the first control plane."""
    return [
        {
            **_KUBEADM,
            "kind": "InitConfiguration",
            "localAPIEndpoint": {"advertiseAddress": node.address},
            "nodeRegistration": _registration(node),
            "bootstrapTokens": [{"token": joining.token, "ttl": "24h0m0s"}],
            "certificateKey": joining.certificate_key,
            "timeouts": _timeouts(),
        },
        _cluster(node, version),
        _kubelet(),
        _kube_proxy(),
    ]


def join(node: Node, joining: Joining, ca_hash: str) -> list[Document]:
    """Of every other node.

    Args:
        node: which one.
        joining: the token, and the key that the certificates were uploaded with.
        ca_hash: of the cluster's CA, `sha256:…`.

    """
    token = {"apiServerEndpoint": endpoint(node.site), "token": joining.token, "caCertHashes": [ca_hash]}
    document: Document = {
        **_KUBEADM,
        "kind": "JoinConfiguration",
        "nodeRegistration": _registration(node),
        "discovery": {"bootstrapToken": token},
        "timeouts": _timeouts(),
    }
    if node.control_plane:
        document["controlPlane"] = {
            "localAPIEndpoint": {"advertiseAddress": node.address},
            "certificateKey": joining.certificate_key,
        }
    return [document]


def _registration(node: Node) -> Document:
    alone = len(nodes(node.site)) == len(control_planes(node.site))
    arguments = {"cgroup-root": f"/{node.cgroup}", "node-ip": node.address}
    return {
        "name": node.name,
        "criSocket": "unix:///run/containerd/containerd.sock",
        "ignorePreflightErrors": list(cgroups.here().preflight),
        "taints": [] if alone else None,
        "kubeletExtraArgs": _arguments(arguments),
    }


def _timeouts() -> dict[str, str]:
    return {name: f"{seconds * patience():.0f}s" for name, seconds in _PATIENCE.items()}


def _cluster(node: Node, version: str) -> Document:
    """Each node hands out addresses of its own /24 to pods, so the controller must not."""
    return {
        **_KUBEADM,
        "kind": "ClusterConfiguration",
        "clusterName": node.site.name,
        "kubernetesVersion": version,
        "controlPlaneEndpoint": endpoint(node.site),
        "networking": {"podSubnet": str(pod_network(node.site))},
        "controllerManager": {"extraArgs": _arguments({"allocate-node-cidrs": "false", **_GRACE})},
        "etcd": {"local": {"extraArgs": _arguments({"unsafe-no-fsync": "true"})}},
    }


def _kubelet() -> Document:
    """Images can't be pulled again: a full disk of the host must never make kubelet delete one, or evict."""
    never = ("nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        **dict(cgroups.here().kubelet),
        "cgroupDriver": "cgroupfs",
        "failSwapOn": False,
        "nodeLeaseDurationSeconds": _LEASE_SECONDS,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": dict.fromkeys(never, "0%"),
        "evictionPressureTransitionPeriod": "10s",
    }


def _kube_proxy() -> Document:
    """Connection tracking is set for the host as a whole, not in a network namespace."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "conntrack": {"maxPerCore": 0, "min": 0},
    }


def _arguments(values: dict[str, str]) -> list[Document]:
    return [{"name": name, "value": value} for name, value in values.items()]
