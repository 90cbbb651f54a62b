"""The faults of the profile `light`, each done to the real thing."""

from opskit.sandbox.faults import Fault
from opskit.sandbox.light.faults.daemons import HOST_DOWN, MON_CLOCK_SKEW, MON_DOWN, OSD_DOWN
from opskit.sandbox.light.faults.data import FULL, NEARFULL, PG_INCONSISTENT
from opskit.sandbox.light.faults.settings import FORGOTTEN_FLAG, SLOW_OSD

FAULTS: tuple[Fault, ...] = (
    OSD_DOWN,
    HOST_DOWN,
    NEARFULL,
    FULL,
    PG_INCONSISTENT,
    MON_CLOCK_SKEW,
    MON_DOWN,
    FORGOTTEN_FLAG,
    SLOW_OSD,
)
"""All of them, as `opskit sandbox fault list` shows them."""
