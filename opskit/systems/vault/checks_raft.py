"""What raft's members are as a whole: healthy, enough, and of one version."""

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import known
from opskit.core.wording import count, some
from opskit.systems.vault import answers
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import finding


def raft(facts: Facts) -> list[Finding]:
    """What autopilot thinks of the members, where it can be asked."""
    state = facts.autopilot
    if not isinstance(state, answers.Autopilot):
        return []
    servers = state.servers or {}
    command = f"{facts.cli} operator raft autopilot state"
    found = [
        finding(
            "RAFT_PEER_UNHEALTHY",
            Severity.ERROR,
            f"raft member {name}",
            f"The leader has not heard {name} for {each.last_contact or 'an unknown time'} "
            f"({each.node_status or each.status}).",
            evidence=[Evidence(text=f"{name} healthy=false, address {each.address}", command=command)],
            cause="It is down, sealed, or cut off; it stays in the configuration and counts for the quorum.",
            remedy=f"Bring it back, or for good: `{facts.cli} operator raft remove-peer {name}`.",
        )
        for name, each in servers.items()
        if not each.healthy
    ]
    voters = len(state.voters or [])
    if voters > 1 and state.failure_tolerance == 0:
        found.append(
            finding(
                "RAFT_NO_TOLERANCE",
                Severity.WARNING,
                "raft",
                f"Of {count(voters, 'voter')} none may be lost: the next failure ends all writes.",
                evidence=[Evidence(text="failure_tolerance 0", command=command)],
                cause="A member is away, or there are two or four voters where three or five are wanted."
                if voters > 2
                else "Two voters tolerate no failure: that is worse than one.",
                remedy="Bring the missing members back, or add one.",
            )
        )
    return found


def versions(facts: Facts) -> list[Finding]:
    """Nodes of more than one version."""
    runs: dict[str, list[str]] = {}
    for each in facts.nodes:
        if each.version:
            runs.setdefault(each.version, []).append(each.name)
    for each in known(facts.ha, answers.HaStatus()).nodes:
        known_names = {name for names in runs.values() for name in names}
        if each.version and each.version not in runs and each.hostname not in known_names:
            runs.setdefault(each.version, []).append(each.hostname)
    if len(runs) < 2:
        return []
    text = "; ".join(f"{version}: {some(names)}" for version, names in sorted(runs.items()))
    return [
        finding(
            "VERSION_SKEW",
            Severity.WARNING,
            "the cluster",
            f"The nodes run {len(runs)} versions ({text}).",
            evidence=[Evidence(text=text, command=f"{facts.cli} operator members")],
            cause="An upgrade was begun and not ended. A newer leader may write what older nodes can't read.",
            remedy="Upgrade the standbys first, the active node last; never fail over from newer to older.",
        )
    ]
