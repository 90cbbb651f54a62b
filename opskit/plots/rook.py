"""Figures of a Ceph cluster.

Each is made of the frame of the same topic in `opskit.systems.rook.views` (now) or
`opskit.systems.rook.history` (over time). A figure's title is its conclusion; `sentence(figure)` gives
it as text, and the frame is its table.
"""

from opskit.plots.rook_capacity import capacity as capacity
from opskit.plots.rook_history import health_over_time as health_over_time
from opskit.plots.rook_history import pg_states_over_time as pg_states_over_time
from opskit.plots.rook_latency import latency as latency
from opskit.plots.rook_now import health as health
from opskit.plots.rook_now import pg_states as pg_states
from opskit.plots.rook_now import recovery as recovery
from opskit.plots.rook_recovery import recovery_progress as recovery_progress
from opskit.plots.rook_tree import crush_tree as crush_tree
from opskit.plots.style import sentence as sentence

__all__ = [
    "capacity",
    "crush_tree",
    "health",
    "health_over_time",
    "latency",
    "pg_states",
    "pg_states_over_time",
    "recovery",
    "recovery_progress",
    "sentence",
]
