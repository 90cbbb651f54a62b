"""The faults of the profile `kubeadm`, each done to the real thing."""

from opskit.sandbox.faults import Fault
from opskit.sandbox.kubeadm.faults.control_planes import (
    CERTIFICATE_ENDS,
    DNS_GONE,
    ETCD_STOPPED,
    MANIFEST_BROKEN,
)
from opskit.sandbox.kubeadm.faults.etcd_disk import ETCD_DISK_FULL
from opskit.sandbox.kubeadm.faults.etcd_space import ETCD_FULL
from opskit.sandbox.kubeadm.faults.machines import (
    CONTAINERD_STOPPED,
    CONTROL_PLANE_OFF,
    DISK_PRESSURE,
    KUBELET_CERTIFICATE_EXPIRED,
    KUBELET_STOPPED,
    WORKER_OFF,
)

FAULTS: tuple[Fault, ...] = (
    CONTROL_PLANE_OFF,
    WORKER_OFF,
    KUBELET_STOPPED,
    CONTAINERD_STOPPED,
    KUBELET_CERTIFICATE_EXPIRED,
    DISK_PRESSURE,
    ETCD_STOPPED,
    ETCD_FULL,
    ETCD_DISK_FULL,
    MANIFEST_BROKEN,
    CERTIFICATE_ENDS,
    DNS_GONE,
)
"""All of them, as `opskit sandbox fault list` shows them."""
