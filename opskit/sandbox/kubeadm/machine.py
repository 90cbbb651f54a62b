"""One node as a machine: its power, what is installed on it, and commands run on it from the host."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from opskit.core.errors import Unreachable
from opskit.sandbox.binaries import require
from opskit.sandbox.files import private_folder, write_json, write_private
from opskit.sandbox.kubeadm import cgroups, host_network, ssh
from opskit.sandbox.kubeadm.images import ON_WORKERS, last_name
from opskit.sandbox.kubeadm.layout import Node, gateway, node_network
from opskit.sandbox.kubeadm.release import ON_NODES, Release
from opskit.sandbox.processes import Command
from opskit.sandbox.running import run
from opskit.sandbox.waiting import wait_until

_HERE = Path(__file__).parent
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONTAINERD = """version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{pause}'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['{plugins}']
  conf_dir = '/etc/cni/net.d'
"""


def install(node: Node, release: Release, names: Sequence[str] = ON_NODES) -> None:
    """Put a release's programs on a node, as its packages would."""
    folder = private_folder(node.folder / "bin")
    for name in names:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(release.path(name))
    for name in ("systemctl", "journalctl"):
        shutil.copy2(_HERE / name, folder / name)


def prepare(node: Node, release: Release, pause: str) -> None:
    """Write all that a new node has on its disks, and make its cgroup.

    Args:
        node: which one.
        release: whose programs it gets.
        pause: the reference of the pause image.

    """
    private_folder(node.folder)
    install(node, release)
    plugins = Path(require("host-local")).parent
    write_private(node.folder / "containerd.toml", _CONTAINERD.format(pause=pause, plugins=plugins))
    write_json(private_folder(node.folder / "cni") / "10-bridge.conflist", _pod_network(node))
    ssh.configure(node, path=path(node))
    write_json(node.folder / "node.json", _spec(node))
    cgroups.make(node)


def command(node: Node) -> Command:
    """What powers a node on."""
    namespaces = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
    init = (sys.executable, "-ESsu", str(_HERE / "node_init.py"), str(node.folder / "node.json"))
    argv = (require("unshare"), *namespaces, "--propagation", "private", "--wd", "/", *init)
    return Command(argv=argv, env={"PATH": path(node)})


def is_on(node: Node) -> bool:
    """Whether a node has power."""
    return pid(node) is not None


def pid(node: Node) -> int | None:
    """A node's PID 1, as the host counts; None while it is off."""
    outer = node.site.processes.pid(node.process)
    try:
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split() if outer else []
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def connect(node: Node) -> None:
    """Plug a node that was powered on into the network, and wait until containerd answers."""
    host_network.attach(node, _pid(node))
    wait_until(
        lambda: bool(on(node, "ctr", "version", deadline=10.0)),
        what=f"containerd on {node.name} answers",
        deadline=60.0,
    )


def power_on(node: Node) -> None:
    """Switch a node on; what was on its disks is there."""
    if is_on(node):
        return
    cgroups.make(node)
    node.site.processes.start(node.process, command(node))
    wait_until(lambda: is_on(node), what=f"{node.name} is on", deadline=20.0, every=0.02)
    connect(node)


def power_off(node: Node) -> None:
    """Pull a node's plug: nothing in it gets to say goodbye."""
    node.site.processes.stop(node.process, grace=0.0)
    host_network.detach(node)
    cgroups.remove(node.cgroup)


def on(node: Node, *argv: str, deadline: float = 60.0, text: str | None = None) -> str:
    """Run a command on a node, as root at its console; its standard output.

    Args:
        node: which one.
        argv: program and arguments.
        deadline: seconds.
        text: its standard input.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.
        Unreachable: the node is off.

    """
    where = (f"--target={_pid(node)}", "--mount", "--uts", "--ipc", "--net", "--pid", "--wd=/")
    env = {"PATH": path(node), "HOME": "/root", "LANG": "C.UTF-8", "KUBECONFIG": "/etc/kubernetes/admin.conf"}
    return run([require("nsenter"), *where, *argv], deadline=deadline, env=env, text=text or "")


def load(node: Node, images: dict[str, Path], *, deadline: float = 300.0) -> None:
    """Import the images that a node lacks: nothing can be pulled here."""
    there = on(node, "ctr", "--namespace", "k8s.io", "images", "list", "--quiet").split()
    for reference, archive in images.items():
        wanted = node.control_plane or last_name(reference) in ON_WORKERS
        if wanted and reference not in there:
            on(node, "ctr", "--namespace", "k8s.io", "images", "import", str(archive), deadline=deadline)


def path(node: Node) -> str:
    """PATH on a node."""
    return f"{node.folder}/bin:{_SYSTEM_PATH}"


def _pid(node: Node) -> int:
    found = pid(node)
    if found is None:
        raise Unreachable(f"The node {node.name} is off.", where=node.site.name, hint="power it on.")
    return found


def _spec(node: Node) -> dict[str, object]:
    return {
        "name": node.name,
        "folder": str(node.folder),
        "address": node.address,
        "prefix": node_network(node.site).prefixlen,
        "gateway": str(gateway(node.site)),
        "sshd": os.path.realpath(require("sshd")),
    }


def _pod_network(node: Node) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": node.pod_cidr}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "bridge", "plugins": [bridge, ports]}
