"""The EtcdClusters of the sandbox, and how the operators of the two API groups name what they make."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opskit.sandbox.kube import Json
    from opskit.sandbox.platform_standin.etcd_members import Listed

LARGEST = 7
"""Members that a cluster of the sandbox may have."""


@dataclass(frozen=True)
class EtcdFlavour:
    """One API group of EtcdCluster."""

    group: str
    version: str
    operator: str
    operator_namespace: str
    namespace: str
    """Of the sandbox's cluster."""
    name: str
    """Of the sandbox's cluster."""

    @property
    def api_version(self) -> str:
        """`group/version`."""
        return f"{self.group}/{self.version}"

    @property
    def old(self) -> bool:
        """Whether it is the group of CoreOS' operator."""
        return self.group == "etcd.database.coreos.com"

    def labels(self, name: str) -> dict[str, str]:
        """Of the members' pods."""
        return {"app": "etcd", "etcd_cluster": name} if self.old else {"app": name, "controller": name}

    def status(
        self, names: list[str], members: "list[Listed]", *, version: str, fault: str, busy: bool
    ) -> "Json":
        """The status that the operator writes, without times."""
        if self.old:
            return self._old_status(names, members, version=version, fault=fault)
        conditions = [
            _condition("Available", not fault or bool(members), "ClusterAvailable", fault or "serving"),
            _condition("Progressing", busy, "Reconciling" if busy else "ReconcileSuccess", ""),
            _condition("Degraded", bool(fault), "MemberUnhealthy" if fault else "AllMembersHealthy", fault),
        ]
        listed = [
            {
                "id": f"{each.id:x}",
                "name": each.name,
                "isHealthy": each.name not in fault,
                "isLearner": each.learner,
            }
            for each in members
            if each.name
        ]
        return {
            "currentReplicas": len(names),
            "readyReplicas": len(listed),
            "memberCount": len(members),
            "currentVersion": version,
            "members": listed,
            "conditions": conditions,
        }

    def _old_status(self, names: list[str], members: "list[Listed]", *, version: str, fault: str) -> "Json":
        ill = [name for name in names if name in fault]
        return {
            "phase": "Running" if members else "Failed",
            "size": len(members),
            "currentVersion": version,
            "members": {"ready": [name for name in names if name not in ill], "unready": ill},
        }


def _condition(kind: str, holds: bool, reason: str, message: str) -> "Json":
    return {"type": kind, "status": "True" if holds else "False", "reason": reason, "message": message}


FLAVOURS = (
    EtcdFlavour(
        "operator.etcd.io",
        "v1alpha1",
        "etcd-operator-controller-manager",
        "etcd-operator-system",
        "shop",
        "orders",
    ),
    EtcdFlavour("etcd.database.coreos.com", "v1beta2", "etcd-operator", "legacy", "legacy", "example"),
)
"""Both groups, each with one cluster."""

AGED = ("shop", "aged")
"""Namespace and name of one that is made to be upgraded, of the minor before the pinned one."""
