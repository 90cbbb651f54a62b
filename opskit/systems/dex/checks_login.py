"""What keeps people out of Dex: each cause stands in its log only, while its health says that all is well."""

import re

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import count
from opskit.systems.dex import logs
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding, logs_command

_LDAP = f"{DOCS}/connectors/ldap/"


_CAUSES: tuple[tuple[str, str, Severity, str, str, str], ...] = (
    (
        "LDAP_NOT_TRUSTED",
        r"failed to connect: .*(?:x509|failed to verify certificate)",
        Severity.CRITICAL,
        "Dex does not trust the directory's certificate: nobody can log in",
        "Its CA is not the connector's rootCA, or it is for another name than the connector's host, or has "
        "ended. Dex' own health says that all is well.",
        "put the CA that signed the directory's certificate into the connector's rootCA, and restart Dex",
    ),
    (
        "LDAP_UNREACHABLE",
        r"^(?!.*(?:x509|verify certificate)).*"
        r"(?:LDAP Result Code 200|dial tcp .*(?:refused|timeout|no such host)|failed to connect: )",
        Severity.CRITICAL,
        "Dex can't reach the directory: nobody can log in or refresh a token",
        "The directory is down, its address is wrong, or a firewall is between. Dex' own health says that "
        "all is well.",
        "start the directory; then `ldapsearch -H ldaps://HOST -x -s base` from Dex's node",
    ),
    (
        "LDAP_BIND_REFUSED",
        r"initial bind for user .*Result Code 49",
        Severity.CRITICAL,
        "The directory refuses Dex' own bind: nobody can log in",
        "bindDN or its password is wrong, most often since the password was changed in the directory only.",
        "put the new password where the connector's bindPW comes from, and restart Dex",
    ),
    (
        "LDAP_BASE_MISSING",
        r"Result Code 32",
        Severity.CRITICAL,
        "The directory does not know the base that Dex searches: nobody can log in",
        "baseDN of userSearch or groupSearch names an entry that does not exist.",
        "compare baseDN with `ldapsearch -s base -b BASE`",
    ),
    (
        "USER_WITHOUT_MAIL",
        r"missing following required attribute",
        Severity.WARNING,
        "A person was not let in, because the entry lacks an attribute that Dex needs",
        "The attribute of emailAttr (or idAttr) is missing in that entry.",
        "add the attribute to the entry, or name another one in userSearch",
    ),
    (
        "USER_AMBIGUOUS",
        r"returned multiple \(\d+\) results",
        Severity.WARNING,
        "A person was not let in, because more than one entry fits the user search",
        "The filter or baseDN of userSearch is too wide.",
        "narrow userSearch so that a user name finds one entry",
    ),
    (
        "CLIENT_UNKNOWN",
        r"[Ii]nvalid client_id",
        Severity.WARNING,
        "A client asked for a login that Dex does not know",
        "The client's id differs from those of staticClients.",
        "compare the client's id with staticClients",
    ),
    (
        "REDIRECT_UNREGISTERED",
        r"[Uu]nregistered redirect_uri",
        Severity.WARNING,
        "A client asked to be sent back to an address that is not registered",
        "Its redirect URI must be in redirectURIs letter by letter.",
        "add the address to the client's redirectURIs",
    ),
)
"""code, pattern in Dex' log, severity, summary without its end, cause, remedy."""


def refused(facts: Facts) -> list[Finding]:
    """Every row of the table that the log shows since the last login that worked."""
    log = known(facts.log, "")
    found: list[Finding] = []
    for code, pattern, severity, summary, cause, remedy in _CAUSES:
        line = logs.of_dex(log, pattern)
        if line is None:
            continue
        said = Evidence(text=f"{line.text} ({line.times}×)", command=logs_command(facts))
        whom = _whom(code, line, log)
        told = f"{summary} ({whom})." if whom else f"{summary}."
        found.append(
            finding(code, severity, "Dex", told, evidence=[said], cause=cause, remedy=remedy, source=_LDAP)
        )
    return found


def _whom(code: str, line: logs.Line, log: str) -> str:
    """Whom or what the line is about: what it quotes; of a base, what was searched just before."""
    if code.startswith("LDAP_") and code != "LDAP_BIND_REFUSED":
        searched = re.findall(r"performing ldap search (.+?) (?:sub|one|base) \(", log)
        return str(searched[-1]) if searched and code == "LDAP_BASE_MISSING" else ""
    quoted = re.search(r'"([^"]+)"', line.text)
    return quoted[1] if quoted else ""


_DANGLING = r"failed to delete refresh token.*not found"


def session_dangling(facts: Facts) -> list[Finding]:
    """People whose session refers to a refresh token that is gone: Dex fails their every login.

    Where no session is known to be theirs, it may have been deleted since: then it is told, and no more.

    """
    log = known(facts.log, "")
    users = {each.user for each in known(facts.sessions, [])}
    found: list[Finding] = []
    for mail in logs.failed_after_login(log, _DANGLING):
        user = next((each for each in (mail, mail.partition("@")[0]) if each in users), "")
        found.append(
            finding(
                "SESSION_DANGLING",
                Severity.ERROR if user else Severity.INFO,
                mail,
                f"{mail} gives the right password, and Dex answers `server_error`.",
                evidence=[
                    Evidence(text="failed to delete refresh token: not found", command=logs_command(facts))
                ],
                cause="The session in Dex' storage refers to a refresh token that somebody deleted: a new "
                "login can't replace it.",
                remedy=Remedy(
                    text="delete the person's session with what is left in it; they can log in at once",
                    runbook="dex/revoke-access",
                    parameters={"user": user} if user else {},
                ),
                source=f"{DOCS}/configuration/storage/",
            )
        )
    return found


def client_refused(facts: Facts) -> list[Finding]:
    """Applications that get no token after a login: newer Dex logs a wrong secret, 2.13 nothing."""
    line = logs.of_dex(known(facts.log, ""), r"(?:invalid|missing) client_secret on token request")
    if line is not None:
        said = Evidence(text=f"{line.text} ({line.times}×)", command=logs_command(facts))
        return [
            _no_token("CLIENT_SECRET_WRONG", Severity.WARNING, "Dex refuses an application's secret.", said)
        ]
    waiting = known(facts.codes_waiting, None) or 0
    if not waiting:
        return []
    said = Evidence(
        text=f"{waiting} authcodes.dex.coreos.com are stored",
        command="kubectl get --raw /metrics | grep -E 'authcodes.*} [0-9]+$' | grep objects",
    )
    summary = (
        f"{count(waiting, 'login')} of the last half hour succeeded, and no application fetched the token."
    )
    return [_no_token("CODES_NOT_REDEEMED", Severity.INFO, summary, said)]


def _no_token(code: str, severity: Severity, summary: str, said: Evidence) -> Finding:
    return finding(
        code,
        severity,
        "Dex",
        summary,
        evidence=[said],
        cause="The application's secret differs from that of Dex' client: it gets 401 `invalid_client` after "
        "a login that worked. Or it does not listen where the browser is sent to.",
        remedy="compare the application's client id and secret with Dex' client; restart what changed",
        source=f"{DOCS}/configuration/oauth2/",
    )


def groups_empty(facts: Facts) -> list[Finding]:
    """Logins that found no group at all: they work, and everything is forbidden later."""
    line = logs.of_apiserver(known(facts.log, ""), r"returned no groups", over=r'groups=\[\\?"')
    if line is None:
        return []
    return [
        finding(
            "GROUPS_EMPTY",
            Severity.INFO,
            "Dex",
            "People logged in of whom the group search found no group.",
            evidence=[Evidence(text=f"{line.text} ({line.times}×)", command=logs_command(facts))],
            cause="They are in no group, or groupSearch does not fit how the directory names members.",
            remedy="compare userMatchers (userAttr, groupAttr) of groupSearch with a group's entry",
            source=_LDAP,
        )
    ]
