"""What keeps people out of Dex: each cause stands in its log only, while its health says that all is well."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.systems.dex import logs
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding, logs_command

_LDAP = f"{DOCS}/connectors/ldap/"


_CAUSES: tuple[tuple[str, str, Severity, str, str, str], ...] = (
    (
        "LDAP_UNREACHABLE",
        r"LDAP Result Code 200|dial tcp .*(?:refused|timeout|no such host)|failed to connect: ",
        Severity.CRITICAL,
        "Dex can't reach the directory: nobody can log in.",
        "The directory is down, its address is wrong, or its certificate's CA is not the connector's rootCA.",
        "start the directory; then `ldapsearch -H ldaps://HOST -x -s base` from Dex's node",
    ),
    (
        "LDAP_BIND_REFUSED",
        r"initial bind for user .*Result Code 49",
        Severity.CRITICAL,
        "The directory refuses Dex' own bind: nobody can log in.",
        "bindDN or its password is wrong, most often since the password was changed in the directory only.",
        "put the new password where the connector's bindPW comes from, and restart Dex",
    ),
    (
        "LDAP_BASE_MISSING",
        r"Result Code 32",
        Severity.CRITICAL,
        "The directory does not know the base that Dex searches: nobody can log in.",
        "baseDN of userSearch or groupSearch names an entry that does not exist.",
        "compare baseDN with `ldapsearch -s base -b BASE`",
    ),
    (
        "USER_WITHOUT_MAIL",
        r"missing following required attribute",
        Severity.WARNING,
        "A person was not let in, because the entry lacks an attribute that Dex needs.",
        "The attribute of emailAttr (or idAttr) is missing in that entry.",
        "add the attribute to the entry, or name another one in userSearch",
    ),
    (
        "USER_AMBIGUOUS",
        r"returned multiple \(\d+\) results",
        Severity.WARNING,
        "A person was not let in, because more than one entry fits the user search.",
        "The filter or baseDN of userSearch is too wide.",
        "narrow userSearch so that a user name finds one entry",
    ),
    (
        "CLIENT_UNKNOWN",
        r"[Ii]nvalid client_id",
        Severity.WARNING,
        "A client asked for a login that Dex does not know.",
        "The client's id differs from those of staticClients.",
        "compare the client's id with staticClients",
    ),
    (
        "REDIRECT_UNREGISTERED",
        r"[Uu]nregistered redirect_uri",
        Severity.WARNING,
        "A client asked to be sent back to an address that is not registered.",
        "Its redirect URI must be in redirectURIs letter by letter.",
        "add the address to the client's redirectURIs",
    ),
)
"""code, pattern in Dex' log, severity, summary, cause, remedy."""


def refused(facts: Facts) -> list[Finding]:
    """Every row of the table that the log shows since the last login that worked."""
    log = known(facts.log, "")
    found: list[Finding] = []
    for code, pattern, severity, summary, cause, remedy in _CAUSES:
        line = logs.of_dex(log, pattern)
        if line is None:
            continue
        said = Evidence(text=f"{line.text} ({line.times}×)", command=logs_command(facts))
        found.append(
            finding(code, severity, "Dex", summary, evidence=[said], cause=cause, remedy=remedy, source=_LDAP)
        )
    return found


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
