"""Rook and Ceph, as findings, captures and runs see them."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.rook import checks, facts, recording
from opskit.systems.rook.conditions import CONDITIONS

SYSTEM = System(
    name="rook",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    record=recording.record,
    absent=lambda read: absence(read.cluster),
    optional=frozenset({"growth"}),
)
