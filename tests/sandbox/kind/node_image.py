"""A node image for kind, made on this machine as kind's own is: Debian, kind's files, the pinned programs.

It follows https://github.com/kubernetes-sigs/kind/blob/v0.33.0/images/base/Dockerfile. kind's files are taken
from its Go module. Debian is bookworm, the last whose systemd starts on a cgroup v1 host. Instead of kindnet,
each node has a bridge and routes to the others.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from opskit.sandbox.binaries import TOOLS, require
from opskit.sandbox.files import locked, private_folder
from opskit.sandbox.kubeadm import images
from opskit.sandbox.kubeadm.release import CURRENT, Release
from opskit.sandbox.running import run
from opskit.sandbox.waiting import wait_until

_SUITE = "bookworm"
_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "conntrack", "iptables", "nftables", "iproute2", "ethtool", "kmod"),
    *("util-linux", "mount", "libseccomp2", "ca-certificates", "curl", "jq", "procps", "hostname", "socat"),
    *("containernetworking-plugins", "runc"),
)
_PROGRAMS = {
    **{name: f"usr/bin/{name}" for name in ("kubeadm", "kubelet", "kubectl")},
    **{
        name: f"usr/local/bin/{name}"
        for name in ("containerd", "containerd-shim-runc-v2", "ctr", "crictl", "etcdctl")
    },
}
_UNWANTED = (
    "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "lib/systemd/system/multi-user.target.wants/*",
    "etc/systemd/system/*.wants/*",
    "lib/systemd/system/local-fs.target.wants/*",
    "lib/systemd/system/sockets.target.wants/*udev*",
    "lib/systemd/system/sockets.target.wants/*initctl*",
    "lib/systemd/system/basic.target.wants/*",
    "var/cache/apt/archives/*.deb",
)
"""What would reach for the machine's hardware, and what is only ballast."""
_SERVICES = ("kubelet.service", "containerd.service", "undo-mount-hacks.service", "pod-network.service")

SETTINGS = ('ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]', "ENV container=docker")
"""What `docker import --change` is told, each."""

_POD_NETWORK = r"""#!/bin/sh -eu
# Pods have addresses 10.244.N.0/24 on the node whose own address ends in N.
address=$(ip -4 -o address show dev eth0 | sed -E 's/.* inet ([0-9.]+).*/\1/')
own=${address##*.}
mkdir -p /etc/cni/net.d
cat >/etc/cni/net.d/10-bridge.conflist <<END
{"cniVersion": "1.0.0", "name": "bridge", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.$own.0/24"}]],
           "routes": [{"dst": "0.0.0.0/0"}]}},
 {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
for other in 2 3 4 5 6 7 8 9; do
  [ "$other" = "$own" ] || ip route replace "10.244.$other.0/24" via "${address%.*}.$other"
done
"""
_POD_NETWORK_UNIT = """[Unit]
Before=kubelet.service
[Service]
Type=oneshot
ExecStart=/usr/local/bin/pod-network
[Install]
WantedBy=multi-user.target
"""


def made(*, release: Release = CURRENT) -> Path:
    """The archive of a node's root file system, made where it is not in the cache: in minutes.

    Args:
        release: of Kubernetes.

    """
    folder, kind_files = private_folder(images.cache()), _kind_files()
    key = hashlib.sha256(Path(__file__).read_bytes() + str(kind_files).encode()).hexdigest()[:12]
    target = folder / f"kind-node_{release.version}-{key}.tar"
    with locked(folder / "kind-node.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=folder) as place:
                _write(Path(place), kind_files, release).replace(target)
    return target


def _kind_files() -> Path:
    """What kind lays over Debian, out of the sources of the kind that `opskit sandbox build` builds."""
    wanted = ["go", "mod", "download", "-json", "sigs.k8s.io/kind"]
    said = json.loads(run(wanted, deadline=300.0, folder=TOOLS / "kind"))
    return Path(said["Dir"], "images", "base", "files")


def _write(place: Path, kind_files: Path, release: Release) -> Path:
    root = place / "root"
    _debian(root)
    _lay_over(root, kind_files)
    _install(root, release)
    _load(root, place, images.build(release))
    archive = place / "node.tar"
    run(["tar", "-C", str(root), "--one-file-system", "-cf", str(archive), "."], deadline=900.0)
    return archive


def _debian(root: Path) -> None:
    # What it mounts for the packages' scripts stays out of sight, and goes with it.
    chosen = ("--variant=minbase", f"--include={','.join(_PACKAGES)}", _SUITE, str(root))
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    run(["unshare", "--mount", "debootstrap", *chosen], deadline=3600.0, env=env)
    for pattern in _UNWANTED:
        for path in root.glob(pattern):
            path.unlink()


def _lay_over(root: Path, kind_files: Path) -> None:
    for path in kind_files.rglob("*"):
        if path.is_file():
            mode = 0o755 if path.parent.name == "bin" else 0o644
            _put(root / path.relative_to(kind_files), path.read_text(), mode)


def _install(root: Path, release: Release) -> None:
    for name, place in _PROGRAMS.items():
        _put(root / place, Path(release.path(name)).resolve().read_bytes(), 0o755)
    shutil.copytree(root / "usr/lib/cni", root / "opt/cni/bin")
    _put(root / "kind/version", release.version)
    _put(root / "etc/containerd/cri-base.json", json.dumps(_container_defaults(release)))
    _configure_containerd(root / "etc/containerd/config.toml", release)
    _put(root / "usr/local/bin/pod-network", _POD_NETWORK, 0o755)
    _put(root / "etc/systemd/system/pod-network.service", _POD_NETWORK_UNIT)
    _put(root / "etc/systemd/journald.conf.d/kind.conf", "[Journal]\nReadKMsg=no\n")
    (root / "etc/kubernetes/manifests").mkdir(parents=True)
    run(["systemctl", f"--root={root}", "enable", *_SERVICES], deadline=60.0)
    run(["systemctl", f"--root={root}", "mask", "systemd-binfmt.service"], deadline=60.0)


def _container_defaults(release: Release) -> dict[str, object]:
    spec = json.loads(run([release.path("ctr"), "oci", "spec"], deadline=30.0))
    del spec["process"]["rlimits"]
    spec["hooks"] = {"createContainer": [{"path": "/kind/bin/mount-product-files.sh"}]}
    return spec


def _configure_containerd(config: Path, release: Release) -> None:
    """Have it know the pause image that is there, and make do without CAP_SYS_RESOURCE."""
    (pause,) = (each for each in release.images() if images.last_name(each) == "pause")
    told = {"sandbox_image": f'"{pause}"', "restrict_oom_score_adj": "true"}
    lines = config.read_text().splitlines()
    for name, value in told.items():
        lines = [f"  {name} = {value}" if line.strip().startswith(f"{name} =") else line for line in lines]
    config.write_text("\n".join(lines))


def _load(root: Path, place: Path, archives: Mapping[str, Path]) -> None:
    """Import the images into the node's containerd; they are unpacked when a node first needs them."""
    with _containerd(root / "var/lib/containerd", place) as ctr:
        for archive in archives.values():
            run([*ctr, "--namespace=k8s.io", "images", "import", "--no-unpack", str(archive)], deadline=300.0)


@contextmanager
def _containerd(data: Path, place: Path) -> Generator[list[str]]:
    address = place / "containerd.sock"
    config = place / "containerd.toml"
    config.write_text(
        f"version = 3\nroot = '{data}'\nstate = '{place / 'state'}'\n"
        f"disabled_plugins = ['io.containerd.grpc.v1.cri']\n[grpc]\naddress = '{address}'\n"
    )
    with (place / "containerd.log").open("ab") as log:
        process = subprocess.Popen([require("containerd"), "--config", str(config)], stdout=log, stderr=log)
    ctr = [require("ctr"), f"--address={address}"]
    try:
        wait_until(
            lambda: bool(run([*ctr, "version"], deadline=5.0)), what="containerd answers", deadline=30.0
        )
        yield ctr
    finally:
        process.terminate()
        process.wait()


def _put(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
