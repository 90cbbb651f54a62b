"""Judge a cluster's network: every check, causes before their consequences."""

from collections.abc import Callable

from opskit.core.findings import Finding, by_severity
from opskit.systems.calico import (
    checks_bgp,
    checks_felix,
    checks_ipam,
    checks_mesh,
    checks_policy,
)
from opskit.systems.calico.facts import Facts

CHECKS: tuple[Callable[[Facts], list[Finding]], ...] = (
    checks_mesh.mesh_off_without_peers,
    checks_mesh.peer_selects_nobody,
    checks_bgp.bgp_sessions,
    checks_felix.node_not_ready,
    checks_felix.node_missing,
    checks_felix.felix_conflict,
    checks_ipam.no_pool,
    checks_ipam.pool_full,
    checks_ipam.pools_overlap,
    checks_ipam.address_unrecorded,
    checks_ipam.ipam_leak,
    checks_ipam.block_of_gone_node,
    checks_ipam.pool_disabled,
    checks_policy.dns_locked_out,
    checks_policy.fields_dropped,
    checks_policy.lints,
    checks_policy.staged_left_over,
    checks_mesh.mesh_too_large,
    checks_mesh.report_stale,
)
"""The order in which equally grave findings are told."""


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    return by_severity(_folded([each for judge in CHECKS for each in judge(facts)]))


_DAEMON = frozenset(("calico/BIRD_DOWN", "calico/ROUTE_REFLECTOR_DOWN", "calico/NODE_AWAY"))
_SYMPTOM = frozenset(("calico/CALICO_NODE_NOT_READY", "calico/NODE_STATUS_STALE"))


def _folded(findings: list[Finding]) -> list[Finding]:
    """calico-node that is not Ready because its BIRD is down is told by the latter alone."""
    named = {each.subject.removeprefix("BIRD on ") for each in findings if each.code in _DAEMON}
    return [
        each
        for each in findings
        if each.code not in _SYMPTOM or each.subject.removeprefix("calico-node on ") not in named
    ]
