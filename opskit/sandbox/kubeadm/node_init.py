"""PID 1 of one node: `python node_init.py NODE.json`, in fresh network, mount, UTS, IPC and PID namespaces.

It gives the node its own view of the file system and its address, keeps containerd, kubelet and the SSH
server running, as systemd would, and reaps orphans. When it dies, the kernel ends every process, mount, link
and network namespace of the node. It runs as a plain file and uses the standard library alone, to stay small.
"""

import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OVERLAYS = ("/etc", "/opt", "/usr/libexec", "/var/lib", "/var/log")
"""Folders of the host that a node may write to: copies on write, so that nothing reaches the host."""

DISKS = {
    "/etc/kubernetes": "kubernetes",
    "/etc/cni/net.d": "cni",
    "/var/lib/kubelet": "kubelet",
    "/var/lib/etcd": "etcd",
    "/var/lib/containerd": "containerd",
    "/var/lib/cni": "cni-state",
    "/var/log/pods": "log-pods",
    "/var/log/containers": "log-containers",
}
"""Plain folders that outlive a power cycle; containerd's own overlays must not lie on an overlay."""

RUN = Path("/run/node")
"""PIDs of the services, and which of them were stopped on purpose; `systemctl` on a node works by it."""

_CRICTL = """runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
"""
_KUBELET_CONFIG = Path("/var/lib/kubelet/config.yaml")
_KUBELET_FLAGS = Path("/var/lib/kubelet/kubeadm-flags.env")

Spec = dict[str, Any]


def main(spec: Spec) -> None:
    """Be a node, for ever."""
    socket.sethostname(spec["name"])
    _mount(spec)
    _configure_network(spec)
    _supervise(spec)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)


def _mount(spec: Spec) -> None:
    # -n: /run is about to move, and libmount's notes with it.
    home = Path(spec["folder"])
    _run("mount", "-n", "-t", "proc", "proc", "/proc")
    for top in filter(os.path.isdir, OVERLAYS):
        _mount_overlay(top, home / "overlay" / top.strip("/").replace("/", "-"))
    for path, name in DISKS.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        (home / name).mkdir(exist_ok=True)
        _run("mount", "-n", "--bind", str(home / name), path)
    _run("mount", "-n", "--make-shared", "/var/lib/kubelet")
    _mount_run(home / "run")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{spec['address']} {spec['name']}\n")
    Path("/etc/crictl.yaml").write_text(_CRICTL)


def _mount_overlay(top: str, layer: Path) -> None:
    for name in ("upper", "work"):
        (layer / name).mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={top},upperdir={layer}/upper,workdir={layer}/work"
    _run("mount", "-n", "-t", "overlay", "-o", options, "overlay", top)


def _mount_run(folder: Path) -> None:
    """A fresh /run, with the host's at /run/host; pods' network namespaces live in /run/netns."""
    folder.mkdir(exist_ok=True)
    _run("mount", "-n", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(folder))
    (folder / "host").mkdir()
    _run("mount", "-n", "--bind", "/run", str(folder / "host"))
    _run("mount", "-n", "--move", str(folder), "/run")
    _run("mount", "-n", "--make-shared", "/run")
    for name in ("lock", "netns", "containerd", "sshd", RUN.name):
        Path("/run", name).mkdir(mode=0o755, exist_ok=True)


def _configure_network(spec: Spec) -> None:
    """Wait until the host hands over eth0, then configure it."""
    while not any(name == "eth0" for _, name in socket.if_nameindex()):
        time.sleep(0.02)
    for line in (
        "link set lo up",
        f"address replace {spec['address']}/{spec['prefix']} dev eth0",
        "link set eth0 up",
        f"route replace default via {spec['gateway']}",
    ):
        _run("ip", *line.split())
    for key in ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"):
        if Path("/proc/sys", key).exists():
            Path("/proc/sys", key).write_text("1")


def _kubelet() -> list[str] | None:
    """What kubeadm's drop-in for systemd runs; None while kubeadm has not configured it."""
    if not _KUBELET_CONFIG.exists():
        return None
    return [
        "kubelet",
        "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
        "--kubeconfig=/etc/kubernetes/kubelet.conf",
        f"--config={_KUBELET_CONFIG}",
        *_kubeadm_flags(),
    ]


def _kubeadm_flags() -> list[str]:
    try:
        lines = _KUBELET_FLAGS.read_text().splitlines()
    except FileNotFoundError:
        return []
    values = [line.partition("=")[2] for line in lines if line.startswith("KUBELET_KUBEADM_ARGS=")]
    return [flag for value in values for words in shlex.split(value) for flag in shlex.split(words)]


class _Service:
    def __init__(self, name: str, argv: Callable[[], list[str] | None], logs: Path) -> None:
        self.name = name
        self._argv = argv
        self._log = logs / f"{name}.log"
        self._not_before = 0.0
        self.pid = 0

    def tend(self) -> None:
        """Start it where it should run and does not."""
        due = time.monotonic() >= self._not_before and not (RUN / f"{self.name}.stopped").exists()
        if self.pid or not due or (argv := self._argv()) is None:
            return
        with self._log.open("ab") as log:
            self.pid = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            ).pid
        (RUN / f"{self.name}.pid").write_text(str(self.pid))

    def ended(self) -> None:
        """Take note of its end; it is started again half a second later."""
        self.pid = 0
        (RUN / f"{self.name}.pid").unlink(missing_ok=True)
        self._not_before = time.monotonic() + 0.5


def _supervise(spec: Spec) -> None:
    logs = Path(spec["folder"], "logs")
    logs.mkdir(exist_ok=True)
    services = [
        _Service("containerd", lambda: ["containerd", "--config", f"{spec['folder']}/containerd.toml"], logs),
        _Service("kubelet", _kubelet, logs),
        _Service("sshd", lambda: [spec["sshd"], "-D", "-e", "-f", f"{spec['folder']}/ssh/sshd_config"], logs),
    ]
    while True:
        for service in services:
            service.tend()
        _reap(services)
        time.sleep(0.1)


def _reap(services: list[_Service]) -> None:
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            for service in services:
                if service.pid == pid:
                    service.ended()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
