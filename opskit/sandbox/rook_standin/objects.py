"""What Rook 1.20 writes into the API for a cluster, as plain objects. Pure.

Names, labels and annotations follow Rook's own: https://rook.io/docs/rook/v1.20/.
"""

from collections.abc import Mapping, Sequence

from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import DAEMON

NAMESPACE = "rook-ceph"
ROOK_VERSION = "v1.20.6"
"""The Rook whose objects are imitated."""

STAND_IN = "sandbox.opskit.dev/stand-in"
"""The annotation that says that no real Rook is here."""

_OPERATOR_IMAGE = "opskit/rook-operator-stand-in"


def labels(
    app: str, daemon: str = "", *, sort: str = "", ceph_version: str = "", **more: str
) -> dict[str, str]:
    """The labels that Rook gives to a daemon's objects."""
    own = {"ceph_daemon_id": daemon, "ceph_daemon_type": sort} if sort else {}
    version = {"ceph-version": ceph_version} if ceph_version else {}
    return {
        "app": app,
        "app.kubernetes.io/component": "cephclusters.ceph.rook.io",
        "app.kubernetes.io/created-by": "rook-ceph-operator",
        "app.kubernetes.io/instance": daemon or app,
        "app.kubernetes.io/managed-by": "rook-ceph-operator",
        "app.kubernetes.io/name": app.replace("rook-", "", 1),
        "app.kubernetes.io/part-of": NAMESPACE,
        "rook-version": ROOK_VERSION,
        "rook.io/operator-namespace": NAMESPACE,
        "rook_cluster": NAMESPACE,
        **own,
        **version,
        **more,
    }


def daemon_deployment(
    name: str, *, daemon: str, node: str, image: str, container: str, labels: dict[str, str], owner: Json
) -> Json:
    """A Deployment of one replica that is pinned to its node, as Rook makes for mons, OSDs and the rest.

    Args:
        name: of the Deployment.
        daemon: which real daemon its pod runs, e.g. `osd.0`.
        node: where.
        image: Ceph's image.
        container: the container's name.
        labels: as `labels` makes them.
        owner: the CephCluster, as an owner reference.

    """
    pod = {
        "metadata": {"labels": labels, "annotations": {DAEMON: daemon}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "serviceAccountName": "default",
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "priorityClassName": "system-node-critical"
            if container in ("osd", "mon")
            else "system-cluster-critical",
            "tolerations": [_unreachable(5 if container == "osd" else 30)],
            "containers": [{"name": container, "image": image, "command": [f"ceph-{container}"]}],
        },
    }
    chosen = {key: labels[key] for key in ("app", "ceph_daemon_id", "rook_cluster")}
    return _deployment(name, labels=labels, selector=chosen, pod=pod, owner=owner)


def operator_deployment() -> Json:
    """The Deployment `rook-ceph-operator`: scaled to 0, the stand-in reconciles nothing."""
    own = {"operator": "rook", "app": "rook-ceph-operator", "app.kubernetes.io/part-of": "rook-ceph-operator"}
    container = {
        "name": "rook-ceph-operator",
        "image": f"{_OPERATOR_IMAGE}:{ROOK_VERSION}",
        "args": ["ceph", "operator"],
    }
    pod = {
        "metadata": {"labels": {"app": "rook-ceph-operator"}, "annotations": {STAND_IN: "true"}},
        "spec": {"containers": [container], "serviceAccountName": "default"},
    }
    made = _deployment(
        "rook-ceph-operator", labels=own, selector={"app": "rook-ceph-operator"}, pod=pod, owner=None
    )
    made["metadata"]["annotations"] = {STAND_IN: "true"}
    return made


def tools_deployment(image: str) -> Json:
    """The Deployment `rook-ceph-tools`, where `ceph` is run."""
    container = {"name": "rook-ceph-tools", "image": image, "command": ["sleep", "infinity"], "tty": True}
    spec = {"containers": [container], "tolerations": [_unreachable(5)]}
    pod = {"metadata": {"labels": {"app": "rook-ceph-tools"}}, "spec": spec}
    return _deployment(
        "rook-ceph-tools",
        labels={"app": "rook-ceph-tools"},
        selector={"app": "rook-ceph-tools"},
        pod=pod,
        owner=None,
    )


def _deployment(
    name: str, *, labels: dict[str, str], selector: dict[str, str], pod: Json, owner: Json | None
) -> Json:
    metadata: Json = {"name": name, "namespace": NAMESPACE, "labels": labels}
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 5,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": pod,
        },
    }


def service(name: str, *, labels: dict[str, str], selector: dict[str, str], ports: dict[str, int]) -> Json:
    """A ClusterIP Service."""
    listed = [
        {"name": each, "port": port, "protocol": "TCP", "targetPort": port} for each, port in ports.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"selector": selector, "ports": listed},
    }


def mon_endpoints(addresses: dict[str, str]) -> Json:
    """The ConfigMap `rook-ceph-mon-endpoints`."""
    data = {
        "data": ",".join(f"{mon}={where}" for mon, where in addresses.items()),
        "maxMonId": str(len(addresses) - 1),
        "mapping": '{"node":{}}',
        "outOfQuorum": "",
    }
    metadata = {"name": "rook-ceph-mon-endpoints", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def mon_secret(*, fsid: str, admin_key: str, mon_key: str) -> Json:
    """The Secret `rook-ceph-mon`, with the keys of the real cluster."""
    data = {
        "fsid": fsid,
        "cluster-name": NAMESPACE,
        "ceph-username": "client.admin",
        "ceph-secret": admin_key,
        "admin-secret": admin_key,
        "mon-secret": mon_key,
    }
    metadata = {"name": "rook-ceph-mon", "namespace": NAMESPACE}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/rook",
        "metadata": metadata,
        "stringData": data,
    }


def cluster(*, image: str, mons: int, nodes: Mapping[str, Sequence[str]]) -> Json:
    """The CephCluster `rook-ceph`.

    Args:
        image: Ceph's image.
        mons: how many monitors.
        nodes: the devices of each node.

    """
    storage = [
        {"name": node, "devices": [{"name": each} for each in devices]} for node, devices in nodes.items()
    ]
    return {
        "apiVersion": "ceph.rook.io/v1",
        "kind": "CephCluster",
        "metadata": {"name": NAMESPACE, "namespace": NAMESPACE, "annotations": {STAND_IN: "true"}},
        "spec": {
            "cephVersion": {"image": image, "allowUnsupported": True},
            "dataDirHostPath": "/var/lib/rook",
            "mon": {"count": mons, "allowMultiplePerNode": False},
            "mgr": {"count": 1, "modules": [{"name": "prometheus", "enabled": True}]},
            "dashboard": {"enabled": False},
            "monitoring": {"enabled": False},
            "disruptionManagement": {"managePodBudgets": True, "osdMaintenanceTimeout": 30},
            "storage": {"useAllNodes": False, "useAllDevices": False, "nodes": storage},
        },
    }


def block_pool(name: str) -> Json:
    """A CephBlockPool of three replicas, one a host."""
    replicated = {"size": 3, "requireSafeReplicaSize": True}
    return _custom("CephBlockPool", name, {"failureDomain": "host", "replicated": replicated})


def filesystem() -> Json:
    """The CephFilesystem `myfs`."""
    pool = {"failureDomain": "host", "replicated": {"size": 3}}
    data = [{"name": "replicated", **pool}]
    server = {"activeCount": 1, "activeStandby": False}
    return _custom(
        "CephFilesystem", "myfs", {"metadataPool": pool, "dataPools": data, "metadataServer": server}
    )


def object_store() -> Json:
    """The CephObjectStore `my-store`."""
    pool = {"failureDomain": "host", "replicated": {"size": 3}}
    return _custom(
        "CephObjectStore",
        "my-store",
        {"metadataPool": pool, "dataPool": pool, "gateway": {"port": 8080, "instances": 1}},
    )


def _custom(kind: str, name: str, spec: Json) -> Json:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "ceph.rook.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _unreachable(seconds: int) -> Json:
    key = "node.kubernetes.io/unreachable"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
