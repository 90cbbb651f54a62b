"""Judge Dex and the API servers' trust in it: causes first."""

from opskit.core.findings import Evidence, Finding, Severity, by_severity
from opskit.core.parts import Unread, known
from opskit.systems.dex import (
    checks_config,
    checks_directory,
    checks_issuer,
    checks_keys,
    checks_login,
    checks_trust,
)
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import Check, finding


def dex_down(facts: Facts) -> list[Finding]:
    """Deployments of Dex without a ready pod."""
    found: list[Finding] = []
    for each in known(facts.deployments, []):
        if each.status.ready_replicas:
            continue
        wanted = each.spec.replicas
        cause = "The deployment is scaled to 0." if wanted == 0 else "Its pods do not become ready."
        found.append(
            finding(
                "DEX_DOWN",
                Severity.CRITICAL,
                f"Deployment {each.namespace}/{each.name}",
                f"Dex has no ready pod of {wanted}: nobody can log in or refresh a token. "
                "ID tokens that were given work until they end.",
                evidence=[
                    Evidence(
                        text=f"readyReplicas 0 of {wanted}",
                        command=f"kubectl -n {each.namespace} get deploy,pods,events",
                    )
                ],
                cause=cause,
                remedy=f"kubectl -n {each.namespace} describe pods; kubectl -n {each.namespace} logs "
                f"deploy/{each.name} --previous",
            )
        )
    return found


def unreachable(facts: Facts) -> list[Finding]:
    """Dex runs and its discovery can't be read: clients and API servers may see the same."""
    if not isinstance(facts.discovery, Unread) or dex_down(facts) or not known(facts.deployments, []):
        return []
    return [
        finding(
            "DISCOVERY_UNREAD",
            Severity.INFO,
            "Dex",
            "Dex runs, and its discovery document could not be read from here.",
            evidence=[
                Evidence(
                    text=facts.discovery.reason, command="curl -v ISSUER/.well-known/openid-configuration"
                )
            ],
            cause="Its address or its CA is not known here, or the path differs from the issuer's.",
            remedy="name it in opskit.toml: [clusters.NAME.servers.dex] url = …, ca = …",
        )
    ]


CHECKS: tuple[Check, ...] = (
    dex_down,
    checks_login.refused,
    *checks_directory.CHECKS,
    checks_login.session_dangling,
    checks_issuer.certificate_ends,
    checks_issuer.authority_wrong,
    *checks_keys.CHECKS,
    checks_trust.served_otherwise,
    checks_trust.issuer_mismatch,
    checks_trust.trusts_differ,
    checks_trust.audience_unknown,
    checks_trust.refused,
    checks_trust.no_prefix,
    checks_config.connectors,
    checks_config.nobody,
    checks_config.storage,
    checks_config.redirects,
    checks_issuer.lifetimes,
    checks_login.groups_empty,
    unreachable,
)


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    return by_severity(_once([each for judge in CHECKS for each in judge(facts)]))


def _once(found: list[Finding]) -> list[Finding]:
    """Of what the directory and Dex' log both tell, the one that knows more: of a base, the directory."""
    by_directory = {each.code for each in found if _of_directory(each)}
    both = by_directory & {each.code for each in found if not _of_directory(each)}
    return [each for each in found if each.code not in both or _of_directory(each) == (each.code == _NAMED)]


_NAMED = "dex/LDAP_BASE_MISSING"


def _of_directory(found: Finding) -> bool:
    return found.subject.startswith("connector ")
