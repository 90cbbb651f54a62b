"""etcd of a kubeadm cluster: asked, saved and restored with its own tools, as its documents say.

https://etcd.io/docs/latest/op-guide/recovery/
"""

import shutil
from pathlib import Path
from typing import Any

import msgspec

from opskit.sandbox.kubeadm import static_pods
from opskit.sandbox.kubeadm.layout import Node, control_planes
from opskit.sandbox.kubeadm.machine import on
from opskit.sandbox.site import Site

_PKI = "/etc/kubernetes/pki/etcd"
_TLS = (
    "--endpoints=https://127.0.0.1:2379",
    f"--cacert={_PKI}/ca.crt",
    f"--cert={_PKI}/server.crt",
    f"--key={_PKI}/server.key",
)
_BUMP = 1_000_000_000


def etcdctl(node: Node, *arguments: str, deadline: float = 30.0, text: str | None = None) -> Any:
    """Run `etcdctl` on a control plane, against its own member.

    Args:
        node: which control plane.
        arguments: e.g. `"member", "list"`.
        deadline: seconds.
        text: its standard input.

    Returns:
        Its JSON; None where it prints none.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.

    """
    said = on(node, "etcdctl", *_TLS, "-w", "json", *arguments, deadline=deadline, text=text)
    return msgspec.json.decode(said) if said.strip().startswith(("{", "[")) else None


def healthy(node: Node) -> bool:
    """Whether a control plane's own member says that it is."""
    return all(each["health"] for each in etcdctl(node, "endpoint", "health"))


def save(node: Node, file: Path) -> dict[str, Any]:
    """Save a snapshot of a control plane's member.

    Args:
        node: which control plane.
        file: where to; not below a folder that nodes have copies of (`/etc`, `/opt`, `/var/lib`, `/var/log`).

    Returns:
        What `etcdutl snapshot status` says of it.

    """
    on(node, "etcdctl", *_TLS, "snapshot", "save", str(file), deadline=120.0)
    return msgspec.json.decode(on(node, "etcdutl", "snapshot", "status", str(file), "-w", "json"))


def restore(site: Site, file: Path) -> None:
    """Make all members start anew from a snapshot; kubeadm's manifests stay as they are.

    The revision is raised, for watchers would believe what they remember of newer ones.

    """
    members = control_planes(site)
    peers = ",".join(f"{node.name}=https://{node.address}:2380" for node in members)
    with static_pods.stopped(members, ("kube-apiserver", "etcd")):
        for node in members:
            _restore(node, file, peers)


def _restore(node: Node, file: Path, peers: str) -> None:
    data = node.folder / "etcd"
    for old in ("member", "restored"):
        shutil.rmtree(data / old, ignore_errors=True)
    own = ("--name", node.name, "--initial-advertise-peer-urls", f"https://{node.address}:2380")
    new = ("--data-dir", "/var/lib/etcd/restored", "--initial-cluster", peers)
    later = ("--bump-revision", str(_BUMP), "--mark-compacted")
    on(node, "etcdutl", "snapshot", "restore", str(file), *own, *new, *later, deadline=120.0)
    (data / "restored" / "member").replace(data / "member")
    (data / "restored").rmdir()
