"""Judge a Vault: what keeps it from serving first, then what would let it be misused."""

import msgspec

from opskit.core.findings import Finding, by_severity
from opskit.systems.vault import checks_access, checks_holdings, checks_nodes, checks_raft
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import Check

CHECKS: tuple[Check, ...] = (
    checks_nodes.unreachable,
    checks_nodes.no_leader,
    checks_nodes.sealed,
    checks_nodes.away,
    checks_access.audit_signs,
    checks_access.reviews_refused,
    checks_access.token_refused,
    checks_raft.raft,
    checks_raft.versions,
    checks_nodes.clocks,
    checks_access.audit_none,
    checks_holdings.leases_irrevocable,
    checks_holdings.leases_not_revoked,
    checks_holdings.leases_many,
    checks_holdings.authority_ends,
    checks_holdings.transit_old,
    checks_holdings.keyring_old,
    checks_access.root_tokens,
    checks_access.endless_tokens,
    checks_access.policies_wide,
    checks_access.auth_long,
    checks_holdings.operator_vaults,
    checks_holdings.syncs_failing,
)

_AWAY = {"vault/NODE_DOWN", "vault/SEALED", "vault/NOT_INITIALIZED"}
_AFTER = {"vault/RAFT_NO_TOLERANCE", "vault/RAFT_PEER_UNHEALTHY"}
"""What the leader says of nodes that are away: told as evidence of why they are."""


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    return by_severity(_folded([each for judge in CHECKS for each in judge(facts)]))


def _folded(found: list[Finding]) -> list[Finding]:
    """Nodes that are away are evidence of a lost quorum, and the cause of what the leader says of them."""
    if any(each.code == "vault/NO_LEADER" for each in found):
        return [each for each in found if each.code not in _AWAY]
    cause = next((each for each in found if each.code in _AWAY), None)
    after = [each for each in found if each.code in _AFTER]
    away = sum(1 for each in found if each.code in _AWAY)
    unheard = sum(1 for each in after if each.code == "vault/RAFT_PEER_UNHEALTHY")
    if cause is None or unheard > away:
        return found
    told = tuple(evidence for each in after for evidence in each.evidence)
    whole = msgspec.structs.replace(cause, evidence=(*cause.evidence, *told))
    return [whole if each is cause else each for each in found if each not in after]
