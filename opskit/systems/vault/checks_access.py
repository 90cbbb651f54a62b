"""Who may do what: tokens, policies, auth methods, and whether it is logged."""

from datetime import UTC, datetime, timedelta

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.vault import answers, policies
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import age, finding
from opskit.systems.vault.reviewing import Reviewing

SET_UP = timedelta(days=1)
"""A root token that lives longer than a set-up was forgotten."""
LONG_TTL = 90 * 24 * 3600


def token_refused(facts: Facts) -> list[Finding]:
    """Opskit's own token is no good: a policy can't be the reason, every token may look itself up."""
    why = facts.myself
    if not isinstance(why, Unread) or why.error != "Forbidden":
        return []
    none = "no token was sent" in why.reason
    return [
        finding(
            "TOKEN_MISSING" if none else "TOKEN_REFUSED",
            Severity.ERROR,
            "opskit's token",
            "Vault wants a token, and opskit has none."
            if none
            else "Vault refuses opskit's token: it is missing, wrong, expired or revoked.",
            evidence=[Evidence(text=why.reason, command=f"{facts.cli} token lookup")],
            cause="Even a token without policies may look itself up, so that this one is not valid at all.",
            remedy="Log in again, and set `token` of [clusters.NAME.servers.vault] in opskit.toml, as env: "
            "or file: reference.",
        )
    ]


def audit_none(facts: Facts) -> list[Finding]:
    """Nothing is logged."""
    if isinstance(facts.audit, Unread) or facts.audit:
        return []
    return [
        finding(
            "AUDIT_NONE",
            Severity.WARNING,
            "audit devices",
            "No audit device is enabled: nobody can tell who read or changed what.",
            evidence=[Evidence(text="sys/audit is empty", command=f"{facts.cli} audit list")],
            cause="None was ever enabled; OpenBao takes them from its configuration only, not by the API.",
            remedy='Add an `audit "file" "file"` stanza, with the same text on every node, and reload '
            "(SIGHUP): a path "
            "that differs per node keeps standbys from taking over. Better two devices: where the only one "
            "fails, all "
            "requests do.",
        )
    ]


def audit_signs(facts: Facts) -> list[Finding]:
    """What only the log tells of the audit devices."""
    found: list[Finding] = []
    for sign in known(facts.signs, []):
        if sign.name == "audit-differs":
            found.append(
                finding(
                    "AUDIT_DIFFERS",
                    Severity.ERROR,
                    f"standbys {some(sign.pods)}",
                    f"{some(sign.pods)} can't take over as leader: the audit devices of the nodes' "
                    f"configurations differ.",
                    evidence=[Evidence(text=sign.line, command=_logs(facts, "audit devices"))],
                    cause="The audit stanza must be the same text on all nodes; health and autopilot do "
                    "not show that "
                    "it is not.",
                    remedy="Use one relative path in every node's configuration, and a working directory per "
                    "node.",
                )
            )
        if sign.name == "audit-blocked" and facts.refusing:
            found.append(
                finding(
                    "AUDIT_BLOCKED",
                    Severity.CRITICAL,
                    f"audit device of {some(facts.refusing)}",
                    f"{some(facts.refusing)} fails every request with `internal error`, because no audit "
                    "device can be written; sys/health stays 200.",
                    evidence=[Evidence(text=sign.line, command=_logs(facts, "audit backend"))],
                    cause="The audit device's disk is full or its target is away: Vault answers nothing it "
                    "can't log.",
                    remedy="Make room at the audit device, or bring its target back.",
                )
            )
    return found


def reviews_refused(facts: Facts) -> list[Finding]:
    """Logins with a ServiceAccount's token that fail because Vault lacks a right itself."""
    logged = facts.lately("no-review")
    if logged:
        said = Evidence(text=logged[0].line, command=_logs(facts, "tokenreviews"))
        return [
            _no_review(said, Severity.ERROR, "The reviewer's ServiceAccount lacks `create` on tokenreviews.")
        ]
    seen = facts.reviewing
    if not isinstance(seen, Reviewing) or not seen.own or seen.allowed:
        return []
    said = Evidence(
        text=f"no binding lets a ServiceAccount of namespace {seen.namespace} create tokenreviews",
        command="kubectl auth can-i create tokenreviews --as "
        f"system:serviceaccount:{seen.namespace}:{seen.own[0]}",
    )
    gone = f"The binding of {some(seen.own)} to system:auth-delegator is gone or was never made."
    if seen.by_pod:
        return [_no_review(said, Severity.ERROR, gone)]
    perhaps = (
        " If the method has another ServiceAccount's token (token_reviewer_jwt), look at that one's rights."
    )
    return [_no_review(said, Severity.INFO, gone + perhaps)]


def _no_review(said: Evidence, severity: Severity, cause: str) -> Finding:
    return finding(
        "KUBERNETES_NO_REVIEW",
        severity,
        "auth method kubernetes",
        "Kubernetes logins are refused with a bare 403, because Vault may not have their tokens reviewed."
        if severity is not Severity.INFO
        else "Kubernetes logins may be refused with a bare 403: no ServiceAccount of Vault's namespace may "
        "review tokens.",
        evidence=[said],
        cause=f"{cause} Vault itself says so in its debug log only.",
        remedy="Bind the ClusterRole system:auth-delegator to the reviewer's ServiceAccount.",
    )


def _logs(facts: Facts, word: str) -> str:
    return f"kubectl -n {facts.namespace} logs -l app.kubernetes.io/name --prefix --since=24h | grep '{word}'"


def root_tokens(facts: Facts) -> list[Finding]:
    """Root tokens that outlived the set-up."""
    living = [each for each in known(facts.tokens, []) if "root" in (each.policies or [])]
    if not living:
        return []
    oldest = min(datetime.fromtimestamp(each.creation_time, UTC) for each in living)
    old = facts.now - oldest > SET_UP
    return [
        finding(
            "ROOT_TOKEN",
            Severity.WARNING if old else Severity.INFO,
            f"accessor {living[0].accessor}",
            f"{count(len(living), 'root token')} may do everything for ever; "
            f"{'it is' if len(living) == 1 else 'the oldest is'} {age(oldest, facts.now)} old.",
            evidence=[
                Evidence(
                    text=f"accessors {some(each.accessor for each in living)}",
                    command=f"{facts.cli} token lookup -accessor {living[0].accessor}",
                )
            ],
            cause="The token of the initialisation, or one made from it, was not revoked when the set-up "
            "ended.",
            remedy=f"`{facts.cli} token revoke -accessor {living[0].accessor}`; a new one can be made from "
            f"the unseal shares.",
        )
    ]


def endless_tokens(facts: Facts) -> list[Finding]:
    """Tokens that never end, or can be renewed for ever."""
    endless = [
        each
        for each in known(facts.tokens, [])
        if "root" not in (each.policies or []) and each.expire_time is None and each.type != "batch"
    ]
    if not endless:
        return []
    first = endless[0]
    return [
        finding(
            "TOKENS_ENDLESS",
            Severity.WARNING,
            f"accessor {first.accessor}",
            f"{count(len(endless), 'token')} never end: "
            f"{some(each.display_name or each.accessor for each in endless)}.",
            evidence=[
                Evidence(
                    text="expire_time is null", command=f"{facts.cli} token lookup -accessor {first.accessor}"
                )
            ],
            cause="They were made with a TTL of 0 by a root token.",
            remedy="Replace each by a login or a periodic token, and revoke it by its accessor.",
        )
    ]


def policies_wide(facts: Facts) -> list[Finding]:
    """Policies that are as good as root."""
    found: list[Finding] = []
    for name, each in known(facts.policies, {}).items():
        why = policies.too_wide(each.policy) if isinstance(each, answers.Policy) else []
        if why:
            found.append(
                finding(
                    "POLICY_TOO_WIDE",
                    Severity.WARNING,
                    f"policy {name}",
                    f"Policy {name} is as good as root: {why[0]}.",
                    evidence=[Evidence(text="; ".join(why), command=f"{facts.cli} policy read {name}")],
                    cause="Whoever holds it can give himself any right.",
                    remedy="Name the paths that are needed, and leave sys/policies and sudo out.",
                )
            )
    return found


def auth_long(facts: Facts) -> list[Finding]:
    """Auth methods whose logins live for months."""
    return [
        finding(
            "AUTH_TTL_LONG",
            Severity.INFO,
            f"auth method {path}",
            f"Logins by {path} may live {each.config.max_lease_ttl // 86400} days.",
            evidence=[
                Evidence(
                    text=f"max_lease_ttl {each.config.max_lease_ttl} s",
                    command=f"{facts.cli} auth list -detailed",
                )
            ],
            cause="max_lease_ttl of the method was raised.",
            remedy=f"`{facts.cli} auth tune -max-lease-ttl=768h {path}`",
        )
        for path, each in known(facts.auth, {}).items()
        if each.config.max_lease_ttl > LONG_TTL
    ]
