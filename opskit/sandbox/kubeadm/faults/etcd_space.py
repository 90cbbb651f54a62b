"""etcd that reached its quota and takes no writes."""

from typing import Any

from opskit.core.errors import ToolFailed
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kubeadm import etcd, static_pods
from opskit.sandbox.kubeadm.faults.common import HEALED_WITHIN, api_answers, control_plane, wait_for
from opskit.sandbox.kubeadm.layout import Node, control_planes

_FILLER = "/opskit-filler/"
_ROOM_MIB = 8
_VALUE = "x" * 1024**2


def _fill(sandbox: Broken, *, node: str = "cp1") -> dict[str, Any]:
    chosen = control_plane(sandbox, node)
    size = etcd.etcdctl(chosen, "endpoint", "status")[0]["Status"]["dbSize"]
    static_pods.add_flag(chosen, "etcd", f"--quota-backend-bytes={size + _ROOM_MIB * 1024**2}")
    _wait_new(sandbox, chosen)
    wait_for(lambda: _alarms(chosen) or _full(chosen), what="etcd raises NOSPACE")
    wait_for(lambda: _alarms(chosen), what="etcd raises NOSPACE")
    return {"node": node}


def _full(node: Node) -> bool:
    """Write a value; whether etcd refused it for want of space."""
    try:
        status = etcd.etcdctl(node, "endpoint", "status")[0]["Status"]
        etcd.etcdctl(node, "put", f"{_FILLER}{status['header']['revision']}", text=_VALUE)
    except ToolFailed as error:
        if "space exceeded" not in error.stderr:
            raise
        return True
    return False


def _alarms(node: Node) -> bool:
    return bool((etcd.etcdctl(node, "alarm", "list") or {}).get("alarms"))


def _empty(sandbox: Broken, *, node: str = "cp1") -> None:
    chosen = control_plane(sandbox, node)
    static_pods.restore(chosen, "etcd")
    _wait_new(sandbox, chosen)
    etcd.etcdctl(chosen, "del", _FILLER, "--prefix")
    revision = etcd.etcdctl(chosen, "endpoint", "status")[0]["Status"]["header"]["revision"]
    etcd.etcdctl(chosen, "compact", str(revision))
    for each in control_planes(sandbox.site):
        etcd.etcdctl(each, "defrag", deadline=60.0)
    etcd.etcdctl(chosen, "alarm", "disarm")
    wait_for(lambda: not _alarms(chosen), what="the alarm is gone", deadline=HEALED_WITHIN)


def _wait_new(sandbox: Broken, node: Node) -> None:
    """Wait until etcd runs by the manifest that lies there now, and the API server behind it answers.

    A member that raises an alarm calls itself unhealthy, so its health is not asked.

    """
    wanted = _quota_in(static_pods.manifest(node, "etcd").read_text())
    wait_for(
        lambda: _quota(node) == wanted and api_answers(sandbox),
        what=f"etcd of {node.name} runs by its manifest",
        deadline=HEALED_WITHIN,
    )


def _quota(node: Node) -> int:
    """Bytes; etcd's default is 2 GiB."""
    return etcd.etcdctl(node, "endpoint", "status")[0]["Status"]["dbSizeQuota"]


def _quota_in(manifest: str) -> int:
    told = manifest.partition("--quota-backend-bytes=")[2].split()
    return int(told[0]) if told else 2 * 1024**3


ETCD_FULL = Fault(
    name="etcd-full",
    summary="Gives one etcd member a small quota and fills it: etcd itself raises NOSPACE.",
    seen="`etcdctl alarm list`: NOSPACE; every `kubectl apply` fails with `etcdserver: mvcc: database space "
    "exceeded`, and reads go on.",
    inject=_fill,
    heal=_empty,
    victims=("the node {node}",),
    arguments={"node": "which control plane; cp1"},
)
