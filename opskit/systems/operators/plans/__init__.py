"""What can be changed through an operator: pure functions of facts and parameters.

Each returns a `Draft`, or raises one `Refused` that lists every reason why not.
"""

from opskit.systems.operators.plans.resize import resize_quorum
from opskit.systems.operators.plans.upgrade import upgrade_quorum

__all__ = ["resize_quorum", "upgrade_quorum"]
