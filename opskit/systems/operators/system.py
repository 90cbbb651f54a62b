"""Operators and what they bring, as findings, captures and runs see them."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.operators import checks, facts
from opskit.systems.operators.conditions import CONDITIONS

SYSTEM = System(
    name="operators",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    absent=lambda read: absence(read.crds),
)
