"""Figures of a Ceph cluster, each from the frame of the same topic in `opskit.systems.rook.views`.

A figure's title is its conclusion; `sentence(figure)` gives it as text, the frame is its table.
"""

from opskit.plots.rook_capacity import capacity as capacity
from opskit.plots.rook_tree import crush_tree as crush_tree
from opskit.plots.style import sentence as sentence

__all__ = ["capacity", "crush_tree", "sentence"]
