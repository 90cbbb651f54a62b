"""Istio and Envoy, as findings, captures and runs see them."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.istio import checks, facts, recording
from opskit.systems.istio.conditions import CONDITIONS

SYSTEM = System(
    name="istio",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    record=recording.record,
    absent=lambda read: absence(read.virtual_services, read.destination_rules),
    optional=frozenset({"edges", "refusals"}),
)
