"""What can be changed in the mesh: pure functions of facts and parameters."""

from opskit.systems.istio.plans.shift import shift_traffic

__all__ = ["shift_traffic"]
