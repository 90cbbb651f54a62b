"""kubeadm, as findings, captures and runs see it."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.kubeadm import checks, facts, recording
from opskit.systems.kubeadm.conditions import CONDITIONS


def _absent(seen: facts.Facts) -> str:
    return absence(seen.configuration)


SYSTEM = System(
    name="kubeadm",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    record=recording.record,
    absent=_absent,
    without_api=lambda cluster: bool(facts.named(cluster)),
    optional=frozenset({"gaps"}),
)
