"""What is there before a runbook is rehearsed, besides a fault, and what takes it back."""

import json
from contextlib import suppress

from opskit.core.errors import ToolFailed
from opskit.sandbox.pins import program
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

HOST = "node-c"
OLD_ETCD = "aged"

_DRAINED = "w1"
_OLD = ("-n", "shop")


def cordon_worker(sandbox: Sandbox) -> None:
    """One worker takes no pods, as after a maintenance."""
    sandbox.kubectl("cordon", _DRAINED)


def open_shop_on_workers(sandbox: Sandbox) -> None:
    """Pods on all workers, and a budget that lets one of them go at a time."""
    held = json.loads(sandbox.kubectl("get", "node", _DRAINED, "-o", "json"))["status"]["images"]
    image = next(name for each in held for name in each["names"] if "/pause:" in name)
    sandbox.kubectl("create", "deployment", "shop", f"--image={image}", "--replicas=4")
    sandbox.kubectl("create", "pdb", "shop", "--selector=app=shop", "--min-available=3")
    sandbox.kubectl("rollout", "status", "deployment/shop", "--timeout=120s", deadline=130.0)


def close_shop_on_workers(sandbox: Sandbox) -> None:
    """What is drained is opened, and the pods are gone."""
    sandbox.kubectl("uncordon", "--selector=!node-role.kubernetes.io/control-plane")
    sandbox.kubectl("delete", "deployment/shop", "pdb/shop", "--ignore-not-found")


def let_maintenance_last(sandbox: Sandbox) -> None:
    """Rook leaves noout on a drained host for a day."""
    _maintenance_lasts(sandbox, minutes=1440)


def _maintenance_lasts(sandbox: Sandbox, *, minutes: int | None) -> None:
    patch = json.dumps({"spec": {"disruptionManagement": {"osdMaintenanceTimeout": minutes}}})
    sandbox.kubectl("-n", "rook-ceph", "patch", "cephcluster", "rook-ceph", "--type=merge", "-p", patch)


def open_host(sandbox: Sandbox) -> None:
    """The host is no longer in maintenance."""
    sandbox.kubectl("uncordon", HOST)
    sandbox.ceph("osd", "unset-group", "noout", HOST)
    sandbox.ceph("config-key", "rm", f"opskit/noout/{HOST}")
    _maintenance_lasts(sandbox, minutes=None)


def found_an_old_etcd(sandbox: Sandbox) -> None:
    """An etcd of the minor before the pinned one, with something in it."""
    before = program("etcd-previous").version
    wanted = {
        "apiVersion": "operator.etcd.io/v1alpha1",
        "kind": "EtcdCluster",
        "metadata": {"name": OLD_ETCD, "namespace": "shop"},
        "spec": {"size": 3, "version": before},
    }
    sandbox.kubectl("apply", "-f", "-", text=json.dumps(wanted))
    wait_until(
        lambda: _versions(sandbox) == [before] * 3, what="the old etcd is whole", deadline=180.0, every=1.0
    )
    _etcdctl(sandbox, "put", "kept", "as it was")


def drop_the_old_etcd(sandbox: Sandbox) -> None:
    """It is gone."""
    sandbox.kubectl(*_OLD, "delete", "etcdclusters.operator.etcd.io", OLD_ETCD, "--ignore-not-found")


def _versions(sandbox: Sandbox) -> list[str]:
    """What each member says that it runs; nothing while it is not whole."""
    with suppress(ToolFailed):
        said = _etcdctl(sandbox, "endpoint", "status", "--cluster", "-w", "json")
        return [each["Status"]["version"] for each in json.loads(said)]
    return []


def _etcdctl(sandbox: Sandbox, *words: str) -> str:
    return sandbox.kubectl(*_OLD, "exec", f"{OLD_ETCD}-0", "--", "etcdctl", *words)
