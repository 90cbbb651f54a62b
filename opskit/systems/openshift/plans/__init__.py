"""What can be changed in OpenShift: pure functions of facts and parameters.

Each returns a `Draft`, or raises one `Refused` that lists every reason why not.
"""

from opskit.systems.openshift.plans.canary import shift_route

__all__ = ["shift_route"]
