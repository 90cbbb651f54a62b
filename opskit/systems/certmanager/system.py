"""cert-manager, as findings, captures and runs see it."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.certmanager import checks, facts
from opskit.systems.certmanager.conditions import CONDITIONS

SYSTEM = System(
    name="certmanager",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    absent=lambda read: absence(read.certificates, read.requests),
)
