"""Systems that vote: whether they have a majority, and how many more members they can lose."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.judging import ETCD_DOC, finding
from opskit.systems.operators.members import unread_members
from opskit.systems.operators.quorum import Quorum


def _commands(quorum: Quorum) -> str:
    if quorum.sort.software == "etcd":
        pod = next((each.name for each in quorum.known if each.healthy), f"{quorum.name}-0")
        return f"kubectl -n {quorum.namespace} exec {pod} -- etcdctl endpoint health --cluster"
    return f"kubectl -n {quorum.namespace} get pods -l {quorum.sort.selector.format(name=quorum.name)}"


def quorum_lost(facts: Facts) -> list[Finding]:
    """No majority: nothing can be written."""
    return [
        finding(
            "QUORUM_LOST",
            Severity.CRITICAL,
            each.subject,
            f"{each.subject} has lost its majority: {each.state}.",
            evidence=[Evidence(text=one.text, command=_commands(each)) for one in each.ill],
            cause=f"{len(each.ill)} of {len(each.voters)} voters are gone, and {each.needed} are needed.",
            remedy=Remedy(
                text="bring back the members with their data; do not resize, do not remove members. "
                "If their data are gone for good, restore from a snapshot"
            ),
            source=ETCD_DOC,
        )
        for each in known(facts.quorums, [])
        if each.voters and each.spare < 0
    ]


def quorum_unreadable(facts: Facts) -> list[Finding]:
    """Members that could not be asked at all."""
    return [
        finding(
            "QUORUM_UNREADABLE",
            Severity.ERROR,
            each.subject,
            f"The members of {each.subject} do not answer.",
            evidence=[Evidence(text=why.reason, command=_commands(each))],
            cause="None of its pods is Ready, or it has lost its majority and answers nothing.",
            remedy=Remedy(
                text=f"kubectl -n {each.namespace} get pods -l {each.sort.selector.format(name=each.name)}"
            ),
            source=ETCD_DOC,
        )
        for each in known(facts.quorums, [])
        if (why := unread_members(each)) is not None and why.error not in ("NotInSnapshot", "Forbidden")
    ]


def quorum_member_down(facts: Facts) -> list[Finding]:
    """A voter is ill, and the majority still stands."""
    return [_down(each) for each in known(facts.quorums, []) if each.ill and each.spare >= 0]


def _down(each: Quorum) -> Finding:
    names = ", ".join(one.name for one in each.ill)
    left = "one more loss stops all writes" if each.spare == 0 else f"{each.spare} more may be lost"
    return finding(
        "QUORUM_MEMBER_DOWN",
        Severity.ERROR if each.spare == 0 else Severity.WARNING,
        each.subject,
        f"{names} of {each.subject} is not healthy; {left}.",
        evidence=[Evidence(text=one.text, command=_commands(each)) for one in each.ill],
        cause=f"Its process is gone, its disk is slow, or its peers can't reach it: {each.ill[0].error}",
        remedy=Remedy(
            text=f"kubectl -n {each.namespace} describe pod {each.ill[0].name}; "
            f"kubectl -n {each.namespace} logs {each.ill[0].name} --previous. Do not resize until it is back"
        ),
        source=ETCD_DOC,
    )


def quorum_size_differs(facts: Facts) -> list[Finding]:
    """There are more or fewer members than the resource asks for."""
    return [
        finding(
            "QUORUM_SIZE_DIFFERS",
            Severity.WARNING,
            each.subject,
            f"{each.subject} asks for {each.wanted} members and has {len(each.known)}.",
            evidence=[Evidence(text=each.state, command=_commands(each))],
            cause="Its operator is at work, does not run, or can't place a pod.",
            remedy=Remedy(text=f"kubectl -n {each.namespace} describe {each.sort.resource} {each.name}"),
            source=ETCD_DOC,
        )
        for each in known(facts.quorums, [])
        if each.known and len(each.known) != each.wanted and not each.deleting
    ]


def quorum_even(facts: Facts) -> list[Finding]:
    """An even number of voters bears no more losses than one fewer, and costs more."""
    return [
        finding(
            "QUORUM_EVEN",
            Severity.INFO if each.sort.software == "PostgreSQL" else Severity.WARNING,
            each.subject,
            f"{each.subject} asks for {each.wanted} members, an even number.",
            evidence=[
                Evidence(
                    text=f"spec.{each.sort.size_field} is {each.wanted}",
                    command=f"kubectl -n {each.namespace} get {each.sort.resource} {each.name}",
                )
            ],
            cause=f"{each.wanted} members bear as many losses as {each.wanted - 1}, and need one vote more.",
            remedy=Remedy(
                text=f"resize it to {each.wanted + 1}",
                runbook="operators/resize-quorum",
                parameters={
                    "resource": each.sort.resource,
                    "namespace": each.namespace,
                    "name": each.name,
                    "size": each.wanted + 1,
                },
            ),
            source=ETCD_DOC,
        )
        for each in known(facts.quorums, [])
        if each.wanted and each.wanted % 2 == 0 and not each.deleting
    ]


CHECKS = (quorum_lost, quorum_unreadable, quorum_member_down, quorum_size_differs, quorum_even)
