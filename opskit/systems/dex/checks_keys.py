"""The keys that Dex signs with, by what everybody may see of them, and the clocks of tokens."""

from datetime import timedelta

from opskit.core.durations import seconds
from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.heads import Clock, Head
from opskit.core.parts import Unread, known
from opskit.core.wording import spoken
from opskit.systems.dex import logs
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding, logs_command

SKEW = 30.0
"""Seconds that clocks may differ: more is no drift, but a clock that nobody sets."""
_TOKENS = f"{DOCS}/configuration/tokens/"


def clock(head: Head | Unread | None) -> Clock | None:
    """The server's clock, where it is known."""
    return head.clock if isinstance(head, Head) else None


def keys_empty(facts: Facts) -> list[Finding]:
    """A Dex that serves no key."""
    if isinstance(facts.keys, Unread) or isinstance(facts.discovery, Unread) or facts.keys.keys:
        return []
    return [
        finding(
            "KEYS_EMPTY",
            Severity.CRITICAL,
            "Dex",
            "Dex serves no key: no token of it can be verified.",
            evidence=[Evidence(text="keys: []", command=f"curl {facts.discovery.jwks_uri}")],
            cause="It could not make or store its first key.",
            remedy=f"{logs_command(facts)} | grep keys",
            source=_TOKENS,
        )
    ]


def keys_not_rotated(facts: Facts) -> list[Finding]:
    """A Dex that tries in vain to change its key, twice a minute."""
    line = logs.of_dex(known(facts.log, ""), "failed to rotate keys", over="keys rotated")
    if line is None:
        return []
    return [
        finding(
            "KEYS_NOT_ROTATED",
            Severity.WARNING,
            "Dex",
            "Dex can't change the key that it signs with: the old one is used beyond its time.",
            evidence=[Evidence(text=f"{line.text} ({line.times}×)", command=logs_command(facts))],
            cause="Its storage refuses the write: its ServiceAccount lacks a right, or it is read-only.",
            remedy=f"kubectl -n {facts.namespace} auth can-i update signingkeies.dex.coreos.com "
            f"--as system:serviceaccount:{facts.namespace}:dex",
            source=_TOKENS,
        )
    ]


def clocks_differ(facts: Facts) -> list[Finding]:
    """Dex and the API server disagree what time it is: tokens begin and end when they should not."""
    dex, server = clock(facts.dex_head), clock(facts.apiserver_head)
    if dex is None or server is None or not dex.minus(server).beyond(SKEW):
        return []
    apart = dex.minus(server)
    lives = 86_400.0 if isinstance(facts.config, Unread) else seconds(facts.config.expiry.id_tokens)
    hopeless = apart.ahead < 0 and -apart.ahead >= lives
    return [
        finding(
            "CLOCKS_DIFFER",
            Severity.CRITICAL if hopeless else Severity.WARNING,
            "Dex",
            f"Dex' clock is {_said(apart)} that of the API server: {_harm(apart, hopeless=hopeless)}",
            evidence=[
                Evidence(
                    text=f"Dex is {_said(dex)} this machine", command="curl -sI ISSUER/keys | grep -i ^date"
                ),
                Evidence(
                    text=f"the API server is {_said(server)} this machine",
                    command="kubectl get --raw /version -v=8 2>&1 | grep Date",
                ),
            ],
            cause="The clock of one of their nodes is not synchronized.",
            remedy="on both nodes: `chronyc tracking` or `timedatectl`; start the service where it is off",
            source=_TOKENS,
        )
    ]


def _harm(apart: Clock, *, hopeless: bool) -> str:
    if hopeless:
        return "every token has ended before it is given, and nobody gets in."
    if apart.ahead < 0:
        return "tokens end too early by that much."
    return "tokens live too long by that much, and may be refused as not yet valid."


def clock_here(facts: Facts) -> list[Finding]:
    """This machine's clock is wrong: both servers say so."""
    dex, server = clock(facts.dex_head), clock(facts.apiserver_head)
    if dex is None or server is None or dex.minus(server).beyond(SKEW):
        return []
    if not (dex.beyond(SKEW) and server.beyond(SKEW)):
        return []
    return [
        finding(
            "CLOCK_HERE",
            Severity.INFO,
            "this machine",
            f"Dex and the API server are {_said(server)} this machine: ages and expiries are wrong here.",
            evidence=[Evidence(text=f"the API server is {_said(server)} this machine", command="date -u")],
            cause="The clock of this machine is not synchronized.",
            remedy="start its time service: `timedatectl`",
        )
    ]


def _said(apart: Clock) -> str:
    """`5 minutes ahead of`, to the second that is certain."""
    span = spoken(timedelta(seconds=round(abs(apart.ahead))))
    return f"{span} {'ahead of' if apart.ahead > 0 else 'behind'}"


CHECKS = (keys_empty, keys_not_rotated, clocks_differ, clock_here)
"""What keys and clocks tell."""
