"""etcd: quorum, members, space, versions."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.kubeadm.answers import Alarms, Endpoint, Member, Members
from opskit.systems.kubeadm.checks_nodes import answering, silent
from opskit.systems.kubeadm.checks_static_pods import stopped, told
from opskit.systems.kubeadm.facts import Facts
from opskit.systems.kubeadm.judging import finding

DEFAULT_QUOTA = 2 * 1024**3
"""Bytes: etcd's own, unless `--quota-backend-bytes` says otherwise."""
NEAR = 0.8
FRAGMENTED_BYTES = 256 * 1024**2
_OPERATIONS = "tasks/administer-cluster/configure-upgrade-etcd/"
_LIST, _HEALTH = "etcdctl member list -w table", "etcdctl endpoint health --cluster"
_STATUS, _ALARMS = "etcdctl endpoint status --cluster -w table", "etcdctl alarm list"


def members(facts: Facts) -> list[Member]:
    """Etcd's members; none where they could not be read."""
    return known(facts.members, Members()).members


def down(facts: Facts) -> list[Member]:
    """Members that were asked and did not answer well; one that only raises an alarm did answer."""
    sick = _sick(facts)
    return [each for each in members(facts) if any(url in sick for url in each.client_urls or [])]


def _sick(facts: Facts) -> dict[str, str]:
    """Endpoint → what it said instead of an answer."""
    return {
        each.endpoint: each.error
        for each in known(facts.health, [])
        if not each.health and "Active Alarm" not in each.error
    }


def members_subject(facts: Facts) -> str:
    """What a finding about members that are down is about."""
    return f"etcd on {some(_names(down(facts)))}"


def _names(found: list[Member]) -> list[str]:
    return [each.name or f"{each.id:x}" for each in found]


def member_down(facts: Facts) -> Iterator[Finding]:
    """Members that do not answer, and whether the rest is a quorum."""
    gone, voters = down(facts), [each for each in members(facts) if not each.is_learner]
    if not gone:
        return
    left = len(voters) - len([each for each in gone if not each.is_learner])
    spare = left - (len(voters) // 2 + 1)
    names = some(_names(gone))
    hosts = sorted(silent(facts) & {each.name for each in gone} - answering(facts))
    why = {each.node: each for each in stopped(facts) if each.component == "etcd"}
    yield finding(
        "ETCD_NO_QUORUM" if spare < 0 else "ETCD_MEMBER_DOWN",
        Severity.CRITICAL if spare <= 0 else Severity.ERROR,
        members_subject(facts),
        f"{len(gone)} of {len(voters)} etcd members do not answer ({names}); "
        + (
            f"{spare} more may be lost."
            if spare > 0
            else "no other may be lost."
            if spare == 0
            else "there is no quorum."
        ),
        evidence=[
            Evidence(text="; ".join(f"{url}: {text}" for url, text in _sick(facts).items()), command=_HEALTH),
            Evidence(
                text=f"members: {some(each.name or 'not started' for each in members(facts))}", command=_LIST
            ),
        ],
        cause=f"The node {some(hosts)} is not Ready."
        if hosts
        else " ".join(told(why[each.name]) for each in gone if each.name in why)
        or "The node answers, its etcd does not: its log says why.",
        remedy=Remedy(
            text=f"Bring {some(hosts)} back. If it is lost for good: `etcdctl member remove`, then "
            "join a new control plane."
            if hosts
            else f"On {names}: `crictl ps -a --name etcd`, `crictl logs …`; its data directory must "
            "not be removed while it is a member."
        ),
        source=_OPERATIONS,
    )


def no_leader(facts: Facts) -> Iterator[Finding]:
    """Endpoints that answer and know no leader."""
    lost = [each.endpoint for each in known(facts.endpoints, []) if each.status.leader == 0]
    if lost:
        yield finding(
            "ETCD_NO_LEADER",
            Severity.CRITICAL,
            "etcd",
            f"{some(lost)} know no leader: nothing can be written.",
            evidence=[Evidence(text="leader 0", command=_STATUS)],
            cause="Too few members see each other: members are down, or the network between them is cut.",
            remedy=Remedy(text="Bring members back until more than half answer."),
            source=_OPERATIONS,
        )


def membership(facts: Facts) -> Iterator[Finding]:
    """Members that never started, learners that were never promoted, and even numbers."""
    voters = [each for each in members(facts) if not each.is_learner]
    for each in members(facts):
        if not each.name or each.is_learner:
            what = "a learner that was never promoted" if each.is_learner else "added and never started"
            yield finding(
                "ETCD_MEMBER_UNFINISHED",
                Severity.WARNING,
                f"etcd member {each.name or f'{each.id:x}'}",
                f"etcd member {each.id:x} ({some(each.peer_urls)}) is {what}.",
                evidence=[Evidence(text=what, command=_LIST)],
                cause="A join of a control-plane node broke off half-way.",
                remedy=Remedy(text=f"Finish the join, or `etcdctl member remove {each.id:x}`."),
                source=_OPERATIONS,
            )
    if len(voters) > 1 and len(voters) % 2 == 0:
        yield finding(
            "ETCD_EVEN_MEMBERS",
            Severity.WARNING,
            "etcd",
            f"etcd has {len(voters)} members: as many may be lost as with {len(voters) - 1}, and one "
            "more can fail.",
            evidence=[Evidence(text=some(each.name for each in voters), command=_LIST)],
            cause="A control-plane node was added or removed, and its counterpart was not.",
            remedy=Remedy(text=f"Go to {len(voters) + 1} or {len(voters) - 1} control-plane nodes."),
            source="setup-production-environment/tools/kubeadm/ha-topology/",
        )


def alarm(facts: Facts) -> Iterator[Finding]:
    """Alarms: out of space, or corrupt."""
    names = {each.id: each.name for each in members(facts)}
    for each in known(facts.alarms, Alarms()).alarms or []:
        who = names.get(each.member_id, f"{each.member_id:x}")
        full = each.name == "NOSPACE"
        yield finding(
            f"ETCD_{each.name.replace(' ', '_')}",
            Severity.CRITICAL,
            f"etcd on {who}",
            f"etcd on {who} raises {each.name}: "
            + ("no write is taken." if full else "its data differ from its peers'."),
            evidence=[Evidence(text=f"{who}: {each.name}", command=_ALARMS)],
            cause="The database reached its quota."
            if full
            else "A disk or a bug changed the data under etcd.",
            remedy=Remedy(
                text="Compact, `etcdctl defrag --cluster`, then `etcdctl alarm disarm`; raise "
                "--quota-backend-bytes if it fills again."
                if full
                else f"Remove {who}'s member and data, and let it join anew; keep a snapshot of a "
                "healthy one first."
            ),
            source=_OPERATIONS,
        )


def space(facts: Facts) -> Iterator[Finding]:
    """Databases near their quota, or mostly air."""
    for each in known(facts.endpoints, []):
        quota = each.status.db_size_quota or configured_quota(facts)
        if each.status.db_size >= NEAR * quota:
            yield _near_quota(each, quota)
        elif each.status.db_size - each.status.db_size_in_use > max(
            FRAGMENTED_BYTES, each.status.db_size / 2
        ):
            yield _fragmented(each)


def configured_quota(facts: Facts) -> int:
    """Bytes, as kubeadm's configuration passes them to etcd; etcd's default otherwise."""
    held = facts.configuration if isinstance(facts.configuration, dict) else {}
    arguments = ((held.get("etcd") or {}).get("local") or {}).get("extraArgs") or []
    pairs = (
        arguments.items()
        if isinstance(arguments, dict)
        else [(a.get("name"), a.get("value")) for a in arguments]
    )
    told = dict(pairs).get("quota-backend-bytes", "")
    return int(told) if str(told).isdecimal() and int(told) else DEFAULT_QUOTA


def _mib(size: int) -> str:
    return f"{size / 1024**2:,.0f} MiB"


def _near_quota(each: Endpoint, quota: int) -> Finding:
    status = each.status
    share = status.db_size / quota
    return finding(
        "ETCD_NEAR_QUOTA",
        Severity.CRITICAL if share > 0.95 else Severity.WARNING,
        f"etcd at {each.endpoint}",
        f"etcd at {each.endpoint} fills {share:.0%} of its quota of {_mib(quota)}; at 100 % it takes "
        "no writes.",
        evidence=[
            Evidence(
                text=f"{_mib(status.db_size)} on disk, {_mib(status.db_size_in_use)} in use", command=_STATUS
            )
        ],
        cause="Many or large objects, events or Secrets of a runaway controller, or space that was "
        "never given back.",
        remedy=Remedy(
            text="`etcdctl defrag` one member at a time, the leader last; look at what fills it with "
            "`apiserver_storage_objects`."
        ),
        source=_OPERATIONS,
    )


def _fragmented(each: Endpoint) -> Finding:
    status = each.status
    return finding(
        "ETCD_FRAGMENTED",
        Severity.INFO,
        f"etcd at {each.endpoint}",
        f"{_mib(status.db_size - status.db_size_in_use)} of {_mib(status.db_size)} of etcd at "
        f"{each.endpoint} are air.",
        evidence=[Evidence(text=f"{_mib(status.db_size_in_use)} in use", command=_STATUS)],
        cause="Compaction frees pages inside the file; only a defragmentation gives them back.",
        remedy=Remedy(
            text="`etcdctl defrag` one member at a time, the leader last: a member stands still meanwhile."
        ),
        source=_OPERATIONS,
    )


def versions(facts: Facts) -> Iterator[Finding]:
    """Members of different versions."""
    seen = {each.endpoint: each.status.version for each in known(facts.endpoints, []) if each.status.version}
    if len(set(seen.values())) > 1:
        told = some(f"{endpoint} {version}" for endpoint, version in seen.items())
        yield finding(
            "ETCD_VERSION_SKEW",
            Severity.WARNING,
            "etcd",
            f"etcd's members are of different versions: {told}.",
            evidence=[Evidence(text=told, command=_STATUS)],
            cause="An upgrade of the control plane was begun and not finished.",
            remedy=Remedy(text="Finish it with `kubeadm upgrade node` on the others."),
            source="tasks/administer-cluster/kubeadm/kubeadm-upgrade/",
        )
