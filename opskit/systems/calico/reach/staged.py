"""Staged policies, as if they were enforced. Otherwise they have no say at all.

https://docs.tigera.io/calico/latest/reference/resources/stagednetworkpolicy: `Set` puts the policy in place
of the one of the same name, `Delete` takes that away, `Learn` and `Ignore` change nothing.
"""

from opskit.core.kinds import Object
from opskit.systems.calico.kinds import CalicoNetworkPolicy, GlobalNetworkPolicy
from opskit.systems.calico.kubernetes_policies import NetworkPolicy
from opskit.systems.calico.reach.objects import Objects


def enforced(objects: Objects) -> Objects:
    """The cluster after every staged policy was committed."""
    changes: list[tuple[str, Object]] = [
        *((s.spec.staged_action, NetworkPolicy(metadata=s.metadata, spec=s.spec))
          for s in objects.staged_kubernetes_network_policies),
        *((s.spec.staged_action, CalicoNetworkPolicy(metadata=s.metadata, spec=s.spec))
          for s in objects.staged_network_policies),
        *((s.spec.staged_action, GlobalNetworkPolicy(metadata=s.metadata, spec=s.spec))
          for s in objects.staged_global_network_policies),
    ]  # fmt: skip
    for action, policy in changes:
        objects = _changed(objects, action, policy)
    return objects


def _changed(objects: Objects, action: str, policy: Object) -> Objects:
    if action == "Set":
        return objects.with_changed(policy)
    if action == "Delete":
        return objects.with_changed(policy).without(policy)
    return objects
