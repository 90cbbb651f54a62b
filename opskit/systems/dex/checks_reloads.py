"""Authentication files that an API server refuses: it goes on with the old one, and only its log says so.

Follows https://kubernetes.io/docs/reference/access-authn-authz/authentication/.
"""

import re
from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import known
from opskit.systems.dex import logs
from opskit.systems.dex.checks_trust import file_of
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import APISERVER_LOG, KUBERNETES, RELOADED, finding

_NOT_UPDATED = r"failed to update authentication config"
_NOT_READ = r"failed to (?:validate|load) authentication config"
_TRIED_AGAIN = timedelta(minutes=3)
"""It is tried again every minute or two; a file that became as it was before ends that without a word."""

_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"x509|failed to verify certificate",
        "certificateAuthority in the file did not sign the certificate that the issuer shows.",
        "put the CA that signed the issuer's certificate into certificateAuthority",
    ),
    (
        r"issuer did not match|did not match the issuer",
        "issuer.url in the file is not what the issuer calls itself, letter by letter.",
        "write issuer.url as the issuer's own discovery document has it",
    ),
    (
        r"connection refused|no such host|i/o timeout|no route to host",
        "The issuer does not answer at the address in the file.",
        "start the issuer, or mend issuer.url (issuer.discoveryURL where it has one)",
    ),
    (
        r"\b404\b|\b40[13]\b",
        "Under issuer.url there is no discovery document: its path is another one.",
        "compare issuer.url with the issuer's own configuration",
    ),
    (_NOT_READ, "The file is no valid AuthenticationConfiguration.", "mend the field that the log names"),
)
"""Pattern in the log's entry, cause, remedy."""
_UNKNOWN = (
    "An issuer in the file did not answer within a minute as it should: its address, its own `issuer` or "
    "its CA.",
    "compare address, `issuer` and CA in the file with what the issuer shows",
)


def rejected(facts: Facts) -> list[Finding]:
    """API servers that do not take their new authentication file."""
    line = _newest(facts)
    if line is None:
        return []
    cause, remedy = next((tuple(rest) for found, *rest in _CAUSES if re.search(found, line.text)), _UNKNOWN)
    return [
        finding(
            "AUTHENTICATION_CONFIG_REJECTED",
            Severity.ERROR,
            "kube-apiserver",
            "The API server does not take its new authentication configuration; the old one stays in force.",
            evidence=[Evidence(text=f"{line.text} ({line.times}×)", command=APISERVER_LOG)],
            cause=cause,
            remedy=f"{remedy}; a change of the file is read within seconds and tried for a minute",
            source=KUBERNETES,
        )
    ]


def _newest(facts: Facts) -> logs.Line | None:
    log = known(facts.apiserver_log, "")
    trying = logs.lately(log, now=facts.now, within=_TRIED_AGAIN)
    return logs.of_apiserver(trying, _NOT_UPDATED, over=RELOADED) or logs.of_apiserver(
        log, _NOT_READ, over=f"{RELOADED}|{_NOT_UPDATED}"
    )


def nobody_trusted(facts: Facts) -> list[Finding]:
    """Authentication files without any issuer: they are valid, and put everybody out."""
    trusts = facts.trusts
    if not isinstance(trusts, list):
        return []
    named = {each.node for each in trusts}
    return [
        finding(
            "NO_ISSUER_TRUSTED",
            Severity.CRITICAL,
            f"kube-apiserver on {each.node}",
            f"The authentication file of the API server on {each.node} names no issuer: every token of Dex "
            "is refused there.",
            evidence=[Evidence(text="jwt is empty", command=f"cat {file_of(facts, each.node)}")],
            cause="The list jwt in the file is empty. That is valid: it was taken within seconds, without an "
            "error.",
            remedy="put the issuer back into the file; it is read again by itself",
            source=KUBERNETES,
        )
        for each in known(facts.apiservers, [])
        if each.file and each.node not in named
    ]


CHECKS = (nobody_trusted, rejected)
"""What API servers make of their authentication files."""
