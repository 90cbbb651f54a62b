"""Whether the directories behind the LDAP connectors hold what Dex searches: found before anybody logs in."""

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread
from opskit.core.wording import some
from opskit.systems.dex.directory import Base, Directory
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding

_LDAP = f"{DOCS}/connectors/ldap/"
_SILENT = ("Unreachable", "Untrusted", "DeadlineExceeded")


def base_missing(facts: Facts) -> list[Finding]:
    """Entries that a connector searches below and that the directory does not have."""
    read = [each for each in facts.directories.values() if isinstance(each, Directory)]
    return [_missing(facts, each, base) for each in read for base in each.bases if not base.there]


def _missing(facts: Facts, directory: Directory, base: Base) -> Finding:
    what = (
        "nobody can log in" if base.setting == "userSearch" else "every login fails once groups are asked for"
    )
    near = f" Below {base.matched} there are {some(base.beside)}." if base.beside else ""
    return finding(
        "LDAP_BASE_MISSING",
        Severity.CRITICAL,
        f"connector {directory.connector}",
        f"{base.setting}.baseDN of the connector {directory.connector} is {base.dn}, which the directory "
        f"does not have: {what}.",
        evidence=[
            Evidence(
                text=f"{directory.address} answers {base.said}",
                command=f"ldapsearch -H ldaps://{directory.address} -x -W -D '{directory.bind}' -s base "
                f"-b '{base.dn}' dn",
            )
        ],
        cause=f"The entry was renamed or removed, is hidden from {directory.bind or 'anonymous binds'}, or "
        f"baseDN has a slip.{near}",
        remedy=f"mend {base.setting}.baseDN in Dex' configuration, and `kubectl -n {facts.namespace} rollout "
        "restart deployment dex`: it reads the file at its start only",
        source=_LDAP,
    )


def bind_refused(facts: Facts) -> list[Finding]:
    """Directories that refuse the connector's own entry with the password that is known here."""
    return [
        finding(
            "LDAP_BIND_REFUSED",
            Severity.ERROR,
            f"connector {each.connector}",
            f"The directory refuses {each.bind} with the password that opskit.toml names: if Dex has the "
            "same, nobody can log in.",
            evidence=[
                Evidence(
                    text=each.refused,
                    command=f"ldapwhoami -H ldaps://{each.address} -x -W -D '{each.bind}'",
                )
            ],
            cause="bindDN or its password is wrong, most often since the password was changed in the "
            "directory only; or the entry is locked.",
            remedy="put the new password where the connector's bindPW comes from and restart Dex; then where "
            "opskit.toml refers to",
            source=_LDAP,
        )
        for each in facts.directories.values()
        if isinstance(each, Directory) and each.refused
    ]


def silent(facts: Facts) -> list[Finding]:
    """Directories that do not answer this machine, or whose certificate it does not trust."""
    return [
        _silent(name, each)
        for name, each in facts.directories.items()
        if isinstance(each, Unread) and each.error in _SILENT
    ]


def _silent(name: str, why: Unread) -> Finding:
    untrusted = why.error == "Untrusted"
    return finding(
        "LDAP_NOT_TRUSTED" if untrusted else "LDAP_UNREACHABLE",
        Severity.ERROR,
        f"connector {name}",
        f"The certificate of the connector {name}'s directory is not trusted here; if Dex does not trust it "
        "either, nobody can log in."
        if untrusted
        else f"The directory of the connector {name} does not answer from here; if it does not answer Dex "
        "either, nobody can log in.",
        evidence=[Evidence(text=why.reason, command="ldapsearch -H ldaps://HOST -x -s base")],
        cause="Its CA is not the one that opskit.toml names, or it is for another name, or has ended."
        if untrusted
        else "The directory is down, its address is wrong, or a firewall is between.",
        remedy=f"compare the connector's rootCA with `ca` of [clusters.NAME.servers.{name}] in opskit.toml"
        if untrusted
        else "start the directory; where Dex reaches it and this machine can't, name its service in "
        f"opskit.toml: [clusters.NAME.servers.{name}]",
        source=_LDAP,
    )


CHECKS = (silent, bind_refused, base_missing)
"""What the directory itself says."""
