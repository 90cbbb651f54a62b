"""One release of Kubernetes: its programs on this machine, and which images its kubeadm asks for."""

from dataclasses import dataclass

from opskit.sandbox.binaries import require
from opskit.sandbox.pins import program
from opskit.sandbox.running import run

_OF_THE_RELEASE = (
    "kubeadm",
    "kubelet",
    "kubectl",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "etcd",
    "etcdctl",
    "etcdutl",
)
_OF_ALL = ("coredns", "containerd", "containerd-shim-runc-v2", "crictl", "ctr")
_DEBIAN = (
    "runc",
    "host-local",
    "nft",
    "iptables",
    "conntrack",
    "haproxy",
    "sshd",
    "ip",
    "unshare",
    "nsenter",
    "cc",
)

ON_NODES = (
    "kubeadm",
    "kubelet",
    "kubectl",
    "etcdctl",
    "etcdutl",
    "containerd",
    "containerd-shim-runc-v2",
    "crictl",
    "ctr",
)
"""What is installed on each node."""


@dataclass(frozen=True)
class Release:
    """A release, as `pins.toml` names its programs: `kubeadm`, or `kubeadm-previous`."""

    suffix: str = ""

    @property
    def version(self) -> str:
        """Its version, e.g. `v1.37.2`."""
        return f"v{program(f'kubeadm{self.suffix}').version}"

    @property
    def programs(self) -> tuple[str, ...]:
        """All programs of it, as `pins.toml` names them."""
        return (*(name + self.suffix for name in _OF_THE_RELEASE), *_OF_ALL, *_DEBIAN)

    def path(self, name: str) -> str:
        """Where one of its programs is.

        Args:
            name: without suffix, e.g. `kubelet`.

        Raises:
            NotInstalled: it is missing.

        """
        return require(name + self.suffix if name in _OF_THE_RELEASE else name)

    def images(self) -> list[str]:
        """The images that its kubeadm asks for, e.g. `registry.k8s.io/pause:3.10.2`."""
        said = run(
            [self.path("kubeadm"), "config", "images", "list", "--kubernetes-version", self.version],
            deadline=60.0,
        )
        return said.split()


CURRENT = Release()
PREVIOUS = Release("-previous")
