"""Dex, as findings, captures and runs see it."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.dex import checks, facts
from opskit.systems.dex.conditions import CONDITIONS

SYSTEM = System(
    name="dex",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    absent=lambda read: absence(read.deployments),
    optional=frozenset({"apiservers", "trusts", "apiserver_log", "directories", "codes_waiting"}),
)
