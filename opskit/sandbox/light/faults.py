"""The faults of the profile `light`."""

from opskit.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = ()
