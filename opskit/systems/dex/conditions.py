"""Dex' room changes nothing, and so waits for nothing."""

from opskit.core.conditions import Conditions

CONDITIONS = Conditions()
"""None."""
