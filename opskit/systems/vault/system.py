"""Vault and OpenBao, as findings, captures and runs see them."""

from opskit.core.parts import absence
from opskit.core.system import System
from opskit.systems.vault import checks, facts, recording
from opskit.systems.vault.conditions import CONDITIONS

SYSTEM = System(
    name="vault",
    facts=facts.read,
    checks=checks.check,
    conditions=CONDITIONS,
    record=recording.record,
    absent=lambda read: "" if read.pods and not isinstance(read.pods, facts.Unread) else absence(read.front),
    optional=frozenset({"front", "raft", "autopilot", "irrevocable", "signs", "reviewing"}),
)
