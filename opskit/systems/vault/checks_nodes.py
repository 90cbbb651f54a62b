"""Nodes: reached, initialised, unsealed, with a leader and a clock that is right."""

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.vault import answers
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import finding
from opskit.systems.vault.nodes import Node

SKEW_SECONDS = 60
BRIEF = 160
"""Characters of a reason that a summary has room for."""


def unreachable(facts: Facts) -> list[Finding]:
    """Nothing can be asked at all: each reason in one sentence."""
    if any(each.up for each in facts.nodes) or isinstance(facts.front, answers.SealStatus):
        return []
    every = [each.seal for each in facts.nodes if isinstance(each.seal, Unread)]
    why = min((*every, facts.front), key=_vagueness)
    if why.error in ("NotInstalled", "NotInSnapshot", "NotLocated"):
        return []
    code, cause, then = _reason(why)
    if words := _last_words(facts):
        cause, then = words, "Mend the configuration; then start the nodes and unseal them."
    return [
        finding(
            code,
            Severity.CRITICAL,
            "Vault",
            f"Vault can't be asked: {why.reason.partition(' Next:')[0].partition(' [')[0]}",
            evidence=[Evidence(text=why.reason, command="curl -sS $VAULT_ADDR/v1/sys/seal-status")],
            cause=cause,
            remedy=then,
        )
    ]


_TELLING = ("not trusted", "What answers is no Vault", "not resolve", "refused")


def _vagueness(why: Unread) -> int:
    """Of several reasons the one that names a cause is told: a pod may be unreachable from here anyway."""
    return next((rank for rank, words in enumerate(_TELLING) if words in why.reason), len(_TELLING))


def _reason(why: Unread) -> tuple[str, str, str]:
    if "not trusted" in why.reason:
        cause = (
            "The server's certificate is not signed by the CA that opskit was given, or is for another name."
        )
        return (
            "TLS_NOT_TRUSTED",
            cause,
            "Set `ca` (and `tls_name`) of [clusters.NAME.servers.vault] in opskit.toml.",
        )
    if why.error == "BadAnswer":
        cause = "The address belongs to something else: a proxy, another port, or another service."
        return "NOT_VAULT", cause, "Mend `url` or `service` of [clusters.NAME.servers.vault] in opskit.toml."
    if "not resolve" in why.reason:
        cause = "The host name of the address is wrong, or DNS does not know it here."
        return "UNREACHABLE", cause, "Mend `url` of [clusters.NAME.servers.vault], or DNS."
    if "refused" in why.reason:
        cause = "Nothing listens there: every node is down, or the address is wrong."
        return "UNREACHABLE", cause, "Start the nodes, or mend `url` of [clusters.NAME.servers.vault]."
    return (
        "UNREACHABLE",
        "No node answers: down, or a firewall is between.",
        "Look at the pods and at the route there.",
    )


def sealed(facts: Facts) -> list[Finding]:
    """Nodes that are sealed or were never initialised; one finding where all are."""
    shut = [(each, each.seal) for each in facts.nodes if isinstance(each.seal, answers.SealStatus)]
    shut = [(node, seal) for node, seal in shut if seal.sealed]
    new = [_not_initialized(node, facts) for node, seal in shut if not seal.initialized]
    old = [(node, seal) for node, seal in shut if seal.initialized]
    if len(old) > 1 and not any(each.unsealed for each in facts.nodes):
        return [_sealed(facts, old, f"all {len(old)} nodes that answer"), *new]
    every = not any(each.unsealed for each in facts.nodes)
    return [_sealed(facts, [each], f"node {each[0].name}", every=every) for each in old] + new


def _sealed(
    facts: Facts, shut: list[tuple[Node, answers.SealStatus]], subject: str, *, every: bool = True
) -> Finding:
    node, seal = shut[0]
    by_hand = seal.type == "shamir"
    progress = f", {seal.progress} of {seal.t} shares given" if seal.progress else ""
    harm = "nothing is served" if every else "it serves nothing and is no standby"
    verb = "are" if len(shut) > 1 else "is"
    return finding(
        "SEALED",
        Severity.CRITICAL if every else Severity.ERROR,
        subject,
        f"{some(each.name for each, _ in shut)} {verb} sealed{progress}: {harm}.",
        evidence=[
            Evidence(text=f"{each.name}: {_seal_text(status)}", command=_at(facts, each, "status"))
            for each, status in shut
        ],
        cause="It was restarted, or sealed by hand: with Shamir shares a node starts sealed."
        if by_hand
        else f"It can't reach its {seal.type} seal to unseal itself.",
        remedy=f"Give {seal.t} of {seal.n} shares on each: `{_at(facts, node, 'operator unseal')}`. "
        "A wrong share is counted and refused only at the last."
        if by_hand
        else f"Mend the way to the {seal.type} seal; read the node's log.",
    )


def _seal_text(seal: answers.SealStatus) -> str:
    return f"sealed, type {seal.type}, threshold {seal.t} of {seal.n}, progress {seal.progress}"


def _not_initialized(node: Node, facts: Facts) -> Finding:
    return finding(
        "NOT_INITIALIZED",
        Severity.ERROR,
        f"node {node.name}",
        f"{node.name} is not initialised: it holds no data.",
        evidence=[Evidence(text="initialized is false", command=_at(facts, node, "status"))],
        cause="A new Vault, a raft member that has not joined, or storage that was lost.",
        remedy="If others are initialised, have it join (retry_join, or `operator raft join`); initialise "
        "only a new Vault.",
    )


def no_leader(facts: Facts) -> list[Finding]:
    """Unsealed nodes without a leader: reads may still be answered, no write is."""
    open_ = [each for each in facts.nodes if each.unsealed]
    leaders = [each.leader for each in open_ if isinstance(each.leader, answers.Leader)]
    if not leaders or any(not each.ha_enabled or each.is_self or each.leader_address for each in leaders):
        return []
    away = [each for each in facts.nodes if not each.unsealed]
    signs = {each.name: each for each in known(facts.signs, [])}
    split = signs.get("audit-differs")
    lost = len(away) * 2 >= len(facts.nodes) and len(facts.nodes) > 1
    cause = (
        f"Quorum is lost: of {count(len(facts.nodes), 'node')}, {some(each.name for each in away)} "
        f"{'is' if len(away) == 1 else 'are'} down or sealed."
        if lost
        else "The standbys can't take over: their audit devices differ from the active node's."
        if split
        else "The nodes do not agree on a leader: look at the network between their cluster ports (8201), "
        "and their logs."
    )
    evidence = [
        Evidence(text=f"{each.name}: no leader_address", command=_at(facts, each, "read sys/leader"))
        for each in open_
    ]
    evidence += [Evidence(text=_why_away(each), command=_at(facts, each, "status")) for each in away]
    evidence += [Evidence(text=f"log: {each.line}") for each in signs.values() if each.name == "no-quorum"]
    return [
        finding(
            "NO_LEADER",
            Severity.CRITICAL,
            "the cluster",
            f"Vault has no leader: {some(each.name for each in open_)} may still answer reads, no write "
            f"succeeds.",
            evidence=evidence,
            cause=cause,
            remedy="Start and unseal the nodes that are away; a leader is there about a second after a "
            "majority is back."
            if lost
            else "Mend that on the standbys, and restart them.",
        )
    ]


def away(facts: Facts) -> list[Finding]:
    """Nodes that do not answer while others do."""
    if not any(each.up for each in facts.nodes):
        return []
    return [
        finding(
            "NODE_DOWN",
            Severity.ERROR,
            f"node {each.name}",
            f"{each.name} does not answer: {_briefly(each.seal.reason)}",
            evidence=[Evidence(text=each.seal.reason, command=_at(facts, each, "status"))],
            cause=_last_words(facts, each.name)
            or _reason(each.seal)[1].replace("every node is down", "it is down"),
            remedy="Mend its configuration; then start it and unseal it."
            if _last_words(facts, each.name)
            else "Start it; it is sealed then, and has to be unsealed.",
        )
        for each in facts.nodes
        if isinstance(each.seal, Unread)
    ]


def _last_words(facts: Facts, name: str = "") -> str:
    """What a node said when it ended at its start, or any node; empty where no log tells."""
    sign = next((each for each in known(facts.signs, []) if each.name == "no-start"), None)
    return f"It ends at its start: {sign.line}" if sign and (not name or name in sign.pods) else ""


def _briefly(reason: str) -> str:
    """Why, in a few words: what a port-forward tells fills three lines, and stands in the evidence."""
    if "refused" in reason:
        return "nothing listens there."
    said = reason.partition(" Next:")[0].partition(" [")[0]
    return said if len(said) <= BRIEF else f"{said[:BRIEF]}…"


def _why_away(node: Node) -> str:
    return (
        f"{node.name}: sealed"
        if isinstance(node.seal, answers.SealStatus)
        else f"{node.name}: {node.seal.reason}"
    )


def clocks(facts: Facts) -> list[Finding]:
    """Nodes whose clock is off: tokens and certificates end early or late."""
    found: list[Finding] = []
    for each in facts.nodes:
        if not isinstance(each.health, answers.Health) or not each.health.server_time_utc:
            continue
        off = each.health.server_time_utc - facts.now.timestamp()
        if abs(off) > SKEW_SECONDS:
            found.append(
                finding(
                    "CLOCK_SKEW",
                    Severity.WARNING,
                    f"node {each.name}",
                    f"The clock of {each.name} is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}.",
                    evidence=[
                        Evidence(
                            text=f"server_time_utc {each.health.server_time_utc}",
                            command=_at(facts, each, "read sys/health"),
                        )
                    ],
                    cause="Its time is not synchronised, or this machine's is not.",
                    remedy="Look at chrony on the node.",
                )
            )
    return found


def _at(facts: Facts, node: Node, command: str) -> str:
    place = node.server.partition("@")[2]
    if "://" in place and "/" in place.partition("://")[2]:
        namespace, _, pod = place.partition("://")[2].partition("/")
        return f"kubectl -n {namespace} exec -ti {pod.partition(':')[0]} -- {facts.cli} {command}"
    return f"{facts.cli} {command} -address={place}" if place else f"{facts.cli} {command}  # at {node.name}"
