"""The table of codes, put together from its areas."""

from opskit.systems.rook.codes import Code

TABLE: dict[str, Code] = {}
"""Code → what is known of it."""
