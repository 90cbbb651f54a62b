"""A pod on every node with the node's own programs, so that they are reached by `kubectl exec`.

Its image holds no program: /usr is the node's, and so is the folder with kubeadm's and etcd's tools. It
shares the node's network, and sees its /etc/kubernetes and the runtime's socket; /run/host is the machine's
/run, where daemons beside the cluster have their sockets.
"""

from pathlib import Path
from typing import Any

import platformdirs

from opskit.sandbox.control_plane import api
from opskit.sandbox.kubeadm.images import HOST_TOOLS
from opskit.sandbox.site import Site

NAME, NAMESPACE = "host-tools", "kube-system"
_LABELS = {"app": NAME}
_PATH = "/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FROM_NODE = {
    "usr": "/usr",
    "ssl": "/etc/ssl",
    "alternatives": "/etc/alternatives",
    "crictl": "/etc/crictl.yaml",
    "kubernetes": "/etc/kubernetes",
    "containerd": "/run/containerd",
    "host-run": "/run/host",
}


def deploy(site: Site) -> None:
    """Have the pod on every node, now and of those that will join."""
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"
    if api(site).find(f"{path}/{NAME}") is None:
        api(site).create(path, _daemon_set(site))


def _daemon_set(site: Site) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS},
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": _pod(site)},
        },
    }


def _pod(site: Site) -> dict[str, Any]:
    folders = {"bin": str(site.folder("nodes")), "cache": str(_cache())}
    return {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "terminationGracePeriodSeconds": 0,
        "containers": [_container()],
        "volumes": [
            {"name": name, "hostPath": {"path": path}} for name, path in (_FROM_NODE | folders).items()
        ],
    }


def _container() -> dict[str, Any]:
    node = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    bin_folder = {"name": "bin", "mountPath": "/node/bin", "subPathExpr": "$(NODE)/bin", "readOnly": True}
    return {
        "name": "tools",
        "image": HOST_TOOLS,
        "imagePullPolicy": "Never",
        "command": ["/usr/bin/sleep", "infinity"],
        "env": [node, {"name": "PATH", "value": _PATH}],
        "volumeMounts": [
            *(
                {"name": name, "mountPath": path, "readOnly": name != "containerd"}
                for name, path in _FROM_NODE.items()
            ),
            bin_folder,
            {"name": "cache", "mountPath": str(_cache()), "readOnly": True},
        ],
    }


def _cache() -> Path:
    """Where the links of a node's program folder lead."""
    return platformdirs.user_cache_path("opskit") / "bin"
