"""All predicates that Rook's plans name: preconditions, postconditions and verdicts."""

from opskit.systems.rook.conditions_ceph import CEPH_CONDITIONS
from opskit.systems.rook.conditions_kubernetes import KUBERNETES_CONDITIONS

CONDITIONS = CEPH_CONDITIONS.merged(KUBERNETES_CONDITIONS)
