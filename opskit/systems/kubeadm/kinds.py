"""The Kubernetes objects that a kubeadm cluster is read from, as far as their fields are used.

Fields: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from typing import Any

from opskit.core.kinds import Kind, Object, Wire
from opskit.core.kinds_core import (
    CONFIG_MAP,
    DEPLOYMENT,
    NODE,
    POD_DISRUPTION_BUDGET,
    ConfigMap,
    Node,
    PodDisruptionBudget,
)
from opskit.core.kinds_workloads import Deployment, PodStatus

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
"""The label that kubeadm puts on control-plane nodes."""

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of the pod that shows a static pod."""


class Container(Wire, frozen=True):
    """A container as specified."""

    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None


class ClaimSource(Wire, frozen=True):
    """A volume that is a claim."""

    claim_name: str = ""


class Volume(Wire, frozen=True):
    """A volume of a pod, as far as a drain must know of it."""

    name: str = ""
    empty_dir: dict[str, Any] | None = None
    persistent_volume_claim: ClaimSource | None = None


class PodSpec(Wire, frozen=True):
    """`Pod.spec`."""

    node_name: str = ""
    containers: list[Container] | None = None
    volumes: list[Volume] | None = None


class Pod(Object, frozen=True):
    """A pod, with what a drain must know of it."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def controller(self) -> str:
        """The kind of its controller; empty for a bare pod."""
        owners = self.metadata.owner_references or []
        return next((each.kind for each in owners if each.controller), "")

    @property
    def is_static(self) -> bool:
        """Whether it shows a static pod, which only the node's kubelet can end."""
        return MIRROR in self.annotations

    @property
    def is_over(self) -> bool:
        """Whether it has run to its end."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def empty_dirs(self) -> list[str]:
        """Names of its volumes whose data end with it."""
        return [each.name for each in self.spec.volumes or [] if each.empty_dir is not None]

    @property
    def claims(self) -> list[str]:
        """The claims that it uses."""
        return [
            each.persistent_volume_claim.claim_name
            for each in self.spec.volumes or []
            if each.persistent_volume_claim is not None
        ]


class NodeAffinity(Wire, frozen=True):
    """Where a volume can be used."""

    required: dict[str, Any] | None = None


class ClaimReference(Wire, frozen=True):
    """The claim that a volume is bound to."""

    namespace: str = ""
    name: str = ""


class VolumeSpec(Wire, frozen=True):
    """`PersistentVolume.spec`."""

    claim_ref: ClaimReference | None = None
    node_affinity: NodeAffinity | None = None
    local: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None


class PersistentVolume(Object, frozen=True):
    """A volume, with what ties it to a node."""

    spec: VolumeSpec = VolumeSpec()

    @property
    def is_local(self) -> bool:
        """Whether its data lie on one node."""
        return self.spec.local is not None or self.spec.host_path is not None


class ServerVersion(Wire, frozen=True):
    """The API server's `/version`."""

    git_version: str = ""


def moves(pod: Pod) -> bool:
    """Whether a drain evicts it: not a static pod, one of a DaemonSet, or one that is over."""
    return not (pod.is_static or pod.is_over or pod.controller == "DaemonSet")


POD = Kind("", "v1", "Pod", "pods", Pod)
PERSISTENT_VOLUME = Kind(
    "", "v1", "PersistentVolume", "persistentvolumes", PersistentVolume, namespaced=False
)

__all__ = [
    "CONFIG_MAP",
    "DEPLOYMENT",
    "NODE",
    "PERSISTENT_VOLUME",
    "POD",
    "POD_DISRUPTION_BUDGET",
    "ConfigMap",
    "Deployment",
    "Node",
    "PodDisruptionBudget",
]
