"""etcd whose disk is full: a small tmpfs takes the place of its folder, and is filled to the last byte."""

from typing import Any

from opskit.core.errors import ToolFailed
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kubeadm import etcd, static_pods
from opskit.sandbox.kubeadm.faults.common import HEALED_WITHIN, api_answers, control_plane, wait_for
from opskit.sandbox.kubeadm.layout import Node
from opskit.sandbox.kubeadm.machine import on

_DATA, _SMALL = "/var/lib/etcd", "/run/opskit-small-disk"
_FILLER, _KEYS = f"{_DATA}/filler", "/opskit-disk-filler/"
_ROOM_MIB = 24
_VALUE = "x" * 1024**2
_TOLD = "no space left on device"


def _fill(sandbox: Broken, *, node: str = "cp1") -> dict[str, Any]:
    chosen = control_plane(sandbox, node)
    with static_pods.stopped((chosen,), ("etcd",)):
        _move_to_small_disk(chosen)
    wait_for(lambda: _answers(chosen), what=f"etcd of {node} runs on a small disk", deadline=HEALED_WITHIN)
    _take_what_is_free(chosen)
    wait_for(lambda: _write(chosen) or _ended(chosen), what=f"etcd of {node} ends for want of space")
    wait_for(lambda: _ended(chosen), what=f"etcd of {node} says why it ended")
    return {"node": node}


def _move_to_small_disk(node: Node) -> None:
    taken = int(on(node, "du", "-sm", _DATA).split()[0])
    on(node, "mkdir", "-p", _SMALL)
    on(node, "mount", "-n", "-t", "tmpfs", "-o", f"mode=700,size={taken + _ROOM_MIB}m", "tmpfs", _SMALL)
    on(node, "cp", "-a", f"{_DATA}/.", _SMALL)
    on(node, "mount", "-n", "--bind", _SMALL, _DATA)


def _take_what_is_free(node: Node) -> None:
    free = on(node, "df", "-k", "--output=avail", _DATA).split()[-1]
    on(node, "fallocate", "-l", f"{free}K", _FILLER)


def _write(node: Node) -> bool:
    """Have etcd write a value; whether it takes none any more."""
    try:
        etcd.etcdctl(node, "put", f"{_KEYS}{_revision(node)}", text=_VALUE, deadline=10.0)
    except ToolFailed:
        return True
    return False


def _revision(node: Node) -> int:
    return etcd.etcdctl(node, "endpoint", "status")[0]["Status"]["header"]["revision"]


def _answers(node: Node) -> bool:
    try:
        return etcd.healthy(node)
    except ToolFailed:
        return False


def _ended(node: Node) -> bool:
    """Whether etcd's own log says that there is no space."""
    logs = node.folder.glob("log-pods/kube-system_etcd-*/etcd/*.log")
    return any(_TOLD in log.read_text(errors="replace") for log in logs)


def _empty(sandbox: Broken, *, node: str = "cp1") -> None:
    chosen = control_plane(sandbox, node)
    if _is_mounted(chosen):
        on(chosen, "rm", "-f", _FILLER)
        wait_for(lambda: _answers(chosen), what=f"etcd of {node} has space", deadline=HEALED_WITHIN)
        etcd.etcdctl(chosen, "del", _KEYS, "--prefix")
        with static_pods.stopped((chosen,), ("etcd",)):
            _move_back(chosen)
    wait_for(lambda: _answers(chosen), what=f"etcd of {node} is healthy", deadline=HEALED_WITHIN)
    wait_for(lambda: api_answers(sandbox), what="the API server answers", deadline=HEALED_WITHIN)


def _is_mounted(node: Node) -> bool:
    return _SMALL in on(node, "cat", "/proc/mounts")


def _move_back(node: Node) -> None:
    on(node, "umount", "-n", _DATA)
    on(node, "rm", "-rf", f"{_DATA}/member")
    on(node, "cp", "-a", f"{_SMALL}/member", f"{_DATA}/member")
    on(node, "umount", "-n", _SMALL)


ETCD_DISK_FULL = Fault(
    name="etcd-disk-full",
    summary="Moves one etcd member's data to a small tmpfs and fills it to the last byte.",
    seen="On the node, `df /var/lib/etcd`: 100 %; `crictl ps -a --name etcd`: it ends again and again; "
    "`crictl logs` says `no space left on device`. With one control plane, kubectl gets no answer.",
    inject=_fill,
    heal=_empty,
    victims=("the node {node}",),
    arguments={"node": "which control plane; cp1"},
)
