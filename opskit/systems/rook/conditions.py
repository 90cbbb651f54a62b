"""All predicates that Rook's plans name: preconditions, postconditions and verdicts."""

from opskit.systems.rook.conditions_ceph import CEPH_CONDITIONS
from opskit.systems.rook.conditions_kubernetes import KUBERNETES_CONDITIONS
from opskit.systems.rook.conditions_maintenance import MAINTENANCE_CONDITIONS
from opskit.systems.rook.conditions_pg import PG_CONDITIONS

CONDITIONS = (
    CEPH_CONDITIONS.merged(PG_CONDITIONS).merged(MAINTENANCE_CONDITIONS).merged(KUBERNETES_CONDITIONS)
)
