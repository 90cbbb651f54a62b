"""Judge Dex and the API servers' trust in it: causes first."""

from opskit.core.findings import Evidence, Finding, Severity, by_severity
from opskit.core.parts import Unread, known
from opskit.systems.dex import (
    checks_config,
    checks_directory,
    checks_issuer,
    checks_keys,
    checks_login,
    checks_reloads,
    checks_rights,
    checks_tokens,
    checks_trust,
    logs,
)
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import Check, finding, logs_command


def dex_down(facts: Facts) -> list[Finding]:
    """Deployments of Dex without a ready pod."""
    found: list[Finding] = []
    for each in known(facts.deployments, []):
        if each.status.ready_replicas:
            continue
        wanted = each.spec.replicas
        said, cause, then = ("", "The deployment is scaled to 0.", "") if wanted == 0 else _no_start(facts)
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
                    ),
                    *([Evidence(text=said, command=logs_command(facts))] if said else []),
                ],
                cause=cause,
                remedy=then
                or f"kubectl -n {each.namespace} describe pods; kubectl -n {each.namespace} logs "
                f"deploy/{each.name} --previous",
            )
        )
    return found


_NO_START = r"failed to initialize \w+: .*|error (?:parse|parsing) config file .*|invalid [Cc]onfig: .*"


def _no_start(facts: Facts) -> tuple[str, str, str]:
    """What Dex said when it gave up, the cause, and what mends it; empty where the log does not tell."""
    line = logs.of_dex(known(facts.log, ""), _NO_START, over="listening")
    if line is None:
        return "", "Its pods do not become ready.", ""
    if "failed to list" in line.text and "not found" in line.text:
        return (
            line.text,
            "Dex' CRDs are missing: Dex 2.13 can't make them itself, because it asks for an API version that "
            "Kubernetes has no longer.",
            "apply the CRDs of dex.coreos.com; its pods then start by themselves",
        )
    return line.text, f"Dex ends at its start: {line.text}", ""


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
    checks_login.client_refused,
    checks_issuer.certificate_ends,
    checks_issuer.authority_wrong,
    *checks_keys.CHECKS,
    checks_trust.served_otherwise,
    checks_trust.issuer_mismatch,
    checks_trust.trusts_differ,
    checks_trust.audience_unknown,
    *checks_reloads.CHECKS,
    *checks_tokens.CHECKS,
    checks_trust.no_prefix,
    checks_rights.keys_readable,
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
