"""What can be changed in a cluster's network: pure functions of facts and parameters.

Each returns a `Draft`, or raises one `Refused` that lists every reason why not.
"""

from opskit.systems.calico.plans.default_deny import default_deny

__all__ = ["default_deny"]
