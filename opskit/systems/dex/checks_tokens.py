"""Tokens that the API servers refused: the person sees `Unauthorized`, and only the server's log the cause.

Follows https://kubernetes.io/docs/reference/access-authn-authz/authentication/.
"""

from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import known
from opskit.systems.dex import logs
from opskit.systems.dex.checks_trust import issuer_mismatch
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import APISERVER_LOG, KUBERNETES, RELOADED, finding
from opskit.systems.dex.kinds import DexConfig

RECENT = timedelta(minutes=15)
"""A refusal that did not come again for so long is over: nothing else in the log ends it."""
_MEND = "mend it at its cause; `kubectl auth whoami` then tells who one is"
_AGAIN = "log in again; kubelogin and the like do so by themselves as long as the refresh token lives"

_REFUSALS: tuple[tuple[str, str, Severity, str, str, str], ...] = (
    (
        "TOKEN_AUDIENCE",
        r"expected audience",
        Severity.WARNING,
        "Tokens were refused because they are for another client.",
        "The person's kubeconfig names another client than the API server's audiences.",
        _MEND,
    ),
    (
        "TOKEN_NOT_YET_VALID",
        r"before the nbf",
        Severity.WARNING,
        "Tokens were refused because they are not valid yet.",
        "The clock of who signed them is ahead of the API server's.",
        _MEND,
    ),
    (
        "MAIL_NOT_VERIFIED",
        r"email not verified",
        Severity.WARNING,
        "Tokens were refused because the mail address is not verified.",
        "The connector does not say that the address is verified.",
        _MEND,
    ),
    (
        "CLAIM_MISSING",
        r"claim not present",
        Severity.WARNING,
        "Tokens were refused because they lack the claim that names the user.",
        "The scope that brings the claim (`email`, `groups`) was not asked for, or the entry lacks it.",
        _MEND,
    ),
    (
        "TOKEN_EXPIRED",
        r"token is expired",
        Severity.INFO,
        "Tokens were refused because they have ended.",
        "The person's client did not fetch a new one; or Dex' clock is behind, so that they end too early.",
        _AGAIN,
    ),
)
"""code, pattern in the API server's log, severity, summary, cause, remedy."""


def refused(facts: Facts) -> list[Finding]:
    """Every reason for which the API servers refused tokens of late."""
    heard = _lately(facts)
    found = ((row, logs.of_apiserver(heard, row[1], over=RELOADED)) for row in _REFUSALS)
    return [
        _told(code, severity, summary, line, cause, remedy)
        for (code, _, severity, summary, cause, remedy), line in found
        if line is not None
    ]


def _lately(facts: Facts) -> str:
    return logs.lately(known(facts.apiserver_log, ""), now=facts.now, within=RECENT)


def _told(code: str, severity: Severity, summary: str, line: logs.Line, cause: str, remedy: str) -> Finding:
    return finding(
        code,
        severity,
        "kube-apiserver",
        summary,
        evidence=[Evidence(text=f"{line.text} ({line.times}×)", command=APISERVER_LOG)],
        cause=cause,
        remedy=remedy,
        source=KUBERNETES,
    )


def keys_stale(facts: Facts) -> list[Finding]:
    """Tokens under a key that the API servers do not know yet: they keep the old ones for hours."""
    line = logs.of_apiserver(_lately(facts), r"failed to verify id token signature", over=RELOADED)
    if line is None:
        return []
    config = known(facts.config, DexConfig())
    forgets, lifetime = config.storage.type == "memory", config.expiry.signing_keys
    cause = (
        "Dex was restarted with its storage in memory and made new keys; the API server keeps the old ones "
        f"until the rotation that Dex told it of, up to {lifetime}."
        if forgets
        else "Dex changed its key: after a rotation the API server learns of it within two minutes; "
        "after the loss of Dex' storage only at the next rotation. Or somebody else signed the token."
    )
    return [
        _told(
            "KEYS_STALE",
            Severity.ERROR if forgets else Severity.WARNING,
            "The API server does not know the key of tokens that it is shown: new logins fail.",
            line,
            cause,
            "change the authentication file (it is read again within 10 s), or restart the API server",
        )
    ]


def foreign(facts: Facts) -> list[Finding]:
    """Tokens of an issuer that no API server trusts: of them the log says nothing but that they are none."""
    line = logs.of_apiserver(_lately(facts), r'err="\[?invalid bearer token\]?"', over=RELOADED)
    if line is None or issuer_mismatch(facts):
        return []
    return [
        _told(
            "TOKEN_FOREIGN",
            Severity.WARNING,
            "Tokens were refused that no issuer gave whom the API server trusts.",
            line,
            "The log has no part `oidc:`, which is the sign: the token's `iss` is another issuer's, or it is "
            "no token at all.",
            "compare `iss` of the person's token with the issuer that the API server trusts: "
            "`cut -d. -f2 TOKEN | base64 -d`",
        )
    ]


CHECKS = (keys_stale, refused, foreign)
"""What the API servers refuse."""
