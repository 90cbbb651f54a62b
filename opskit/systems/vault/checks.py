"""Judge a Vault: what keeps it from serving first, then what would let it be misused."""

import msgspec

from opskit.core.findings import Finding, by_severity
from opskit.systems.vault import checks_access, checks_holdings, checks_nodes
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import Check

CHECKS: tuple[Check, ...] = (
    checks_nodes.unreachable,
    checks_nodes.no_leader,
    checks_nodes.sealed,
    checks_nodes.away,
    checks_access.audit_signs,
    checks_access.token_refused,
    checks_nodes.raft,
    checks_nodes.versions,
    checks_nodes.clocks,
    checks_access.audit_none,
    checks_holdings.leases_irrevocable,
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

_FOLLOWS = {
    "vault/NODE_DOWN": ("vault/NO_LEADER", "vault/RAFT_NO_TOLERANCE", "vault/RAFT_PEER_UNHEALTHY"),
    "vault/SEALED": ("vault/NO_LEADER", "vault/RAFT_NO_TOLERANCE", "vault/RAFT_PEER_UNHEALTHY"),
}
"""Cause → what is told with it and follows from it."""


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    return by_severity(_folded([each for judge in CHECKS for each in judge(facts)]))


def _folded(found: list[Finding]) -> list[Finding]:
    """Nodes that are away are the evidence of a lost quorum; no tolerance is the consequence of one."""
    codes = {each.code for each in found}
    if "vault/NO_LEADER" in codes:
        return [each for each in found if each.code not in _FOLLOWS]
    causes = [each for each in found if each.code in _FOLLOWS]
    if not causes:
        return found
    names = ", ".join(each.subject for each in causes)
    after = {code for each in causes for code in _FOLLOWS[each.code]}
    return [
        msgspec.structs.replace(each, cause=f"Follows from {causes[0].code.partition('/')[2]} ({names}).")
        if each.code in after
        else each
        for each in found
    ]
