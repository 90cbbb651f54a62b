"""What can be changed in a Ceph cluster under Rook: pure functions of facts and parameters.

Each returns a `Draft`, or raises one `Refused` that lists every reason why not.
"""

from opskit.systems.rook.plans.bring_back import bring_back_osd

__all__ = ["bring_back_osd"]
