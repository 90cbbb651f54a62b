"""Calico and network policy, as findings, captures and runs see them."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.calico import checks, facts
from opskit.systems.calico.conditions import CONDITIONS
from opskit.systems.calico.facts import Facts


def absent(found: Facts) -> str:
    """Without Calico there are still policies to judge; without either there is nothing."""
    unknown = absence(found.mode)
    if unknown:
        return unknown
    policies = found.objects.network_policies or found.objects.cluster_network_policies
    return "" if found.mode or policies or found.unjudgeable else "not installed"


SYSTEM = System(
    name="calico",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    absent=absent,
)
