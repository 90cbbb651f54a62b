"""OpenShift, as findings, captures and runs see it."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.openshift import checks, facts
from opskit.systems.openshift.conditions import CONDITIONS

SYSTEM = System(
    name="openshift",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    absent=lambda read: absence(read.version, read.operators, read.routes),
    optional=frozenset({"version", "operators", "builds", "deployment_configs", "pools", "routes"}),
)
