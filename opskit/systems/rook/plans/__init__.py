"""What can be changed in a Ceph cluster under Rook: pure functions of facts and parameters.

Each returns a `Draft`, or raises one `Refused` that lists every reason why not.
"""

from opskit.systems.rook.plans.bring_back import bring_back_osd
from opskit.systems.rook.plans.flags import set_flag, unset_flag
from opskit.systems.rook.plans.host import enter_maintenance, host_maintenance, leave_maintenance
from opskit.systems.rook.plans.moves import take_osd_in, take_osd_out
from opskit.systems.rook.plans.repair import repair_pg
from opskit.systems.rook.plans.replace import replace_osd

__all__ = [
    "bring_back_osd",
    "enter_maintenance",
    "host_maintenance",
    "leave_maintenance",
    "repair_pg",
    "replace_osd",
    "set_flag",
    "take_osd_in",
    "take_osd_out",
    "unset_flag",
]
